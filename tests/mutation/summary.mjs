// Puts the reports of all pieces together, holds them against the targets, and writes the table of docs/testing.md.
import * as fs from 'node:fs'
import * as path from 'node:path'

const BEGIN = '<!-- mutation: written by tests/mutation/summary.mjs, do not edit -->'
const END = '<!-- mutation: end -->'

const TARGETS = [
  { name: 'Framing, Pump and Readers', least: 85, has: (folder) => /^Gai\.Pipelines\/(Framing|Pump|Readers)$/.test(folder) },
  { name: 'all', least: 75, has: () => true },
]

const count = () => ({ Killed: 0, Timeout: 0, Survived: 0, NoCoverage: 0 })
const add = (to, from) => { for (const status of Object.keys(to)) { to[status] += from[status] } }
const detected = (counts) => counts.Killed + counts.Timeout
const all = (counts) => detected(counts) + counts.Survived + counts.NoCoverage
const score = (counts) => all(counts) === 0 ? 100 : 100 * detected(counts) / all(counts)

// A mutant that does not compile, or that the configuration leaves out, is none.
function countsOf(file) {
  const counts = count()
  for (const { status } of file.mutants) {
    if (status in counts) { counts[status]++ }
  }
  return counts
}

// Which folder of which project a file belongs to.
const folderOf = (name) => name.split('/src/').at(-1).split('/').slice(0, -1).slice(0, 2).join('/')

// Whether one of the patterns names a file, and none with a "!" takes it out again.
function matches(patterns, name) {
  const names = (pattern) => new RegExp(`^${pattern.replace(/[.+]/g, '\\$&').replaceAll('**/', '\0').replaceAll('*', '[^/]*').replaceAll('\0', '(?:.*/)?')}$`).test(name)
  return patterns.some((pattern) => !pattern.startsWith('!') && names(pattern)) && !patterns.some((pattern) => pattern.startsWith('!') && names(pattern.slice(1)))
}

function read(out, pieces) {
  const folders = new Map()
  const runs = []
  const seen = new Map()
  const open = []
  for (const piece of pieces) {
    const report = path.join(out, `${piece.name}.report.json`)
    if (!fs.existsSync(report)) {
      if (piece.notYetRun) {
        open.push(piece)
        continue
      }
      console.log(`No report of ${piece.name}: run it.`)
      return null
    }

    const { commit, date, seconds, files } = JSON.parse(fs.readFileSync(report, 'utf8'))
    runs.push({ commit, date, seconds })
    for (const [name, file] of Object.entries(files)) {
      const isMine = matches(piece.mutate, name)
      seen.set(name, (seen.get(name) ?? 0) + (isMine ? 1 : 0))
      if (isMine) {
        const folder = folderOf(name)
        if (!folders.has(folder)) { folders.set(folder, count()) }
        add(folders.get(folder), countsOf(file))
      }
    }
  }
  const missing = [...seen].filter(([name, times]) => times !== (open.some((piece) => matches(piece.mutate, name)) ? 0 : 1)).map(([name, times]) => `${name.split('/src/').at(-1)} (${times})`)
  if (missing.length > 0) {
    console.log(`Every file belongs to one piece; these do not, and to so many: ${missing.join(', ')}`)
    return null
  }
  return { folders, runs, open }
}

function row(name, counts, note = '') {
  return `| ${name} | ${score(counts).toFixed(1)}% | ${all(counts)} | ${counts.Killed} | ${counts.Timeout} | ${counts.Survived} | ${counts.NoCoverage} |${note}\n`
}

export function summarize(root, out, pieces) {
  const found = read(out, pieces)
  if (found === null) {
    return { passed: 0, missed: 1 }
  }

  const { folders, runs, open } = found
  let passed = 0
  let missed = 0
  let table = '| folder | score | mutants | killed | timed out | survived | reached by no test |\n|---|---|---|---|---|---|---|\n'
  for (const folder of [...folders.keys()].sort()) {
    if (all(folders.get(folder)) > 0) { table += row(`\`${folder}\``, folders.get(folder)) }
  }

  let verdicts = ''
  for (const target of TARGETS) {
    const counts = count()
    for (const [folder, one] of folders) {
      if (target.has(folder)) { add(counts, one) }
    }
    table += row(`**${target.name}**`, counts)
    const reached = score(counts) >= target.least
    passed += reached ? 1 : 0
    missed += reached ? 0 : 1
    verdicts += `- ${target.name}: at least ${target.least}%, ${reached ? 'reached' : '**missed**'}: ${score(counts).toFixed(1)}%\n`
  }

  const unique = (key) => [...new Set(runs.map((run) => run[key]))].sort().join(', ')
  const without = open.length > 0 ? `\n\nNot in this table, since they have not been run to their end: ${open.map((piece) => piece.name).join(', ')}.` : ''
  const minutes = Math.round(runs.reduce((sum, run) => sum + run.seconds, 0) / 60)
  const text = `${table}\n${verdicts}\nOf ${unique('date')}, commit ${unique('commit')}; ${runs.length} pieces, ${minutes} minutes together.${without}\n`
  console.log(`\n${text}`)
  const page = path.join(root, 'docs/testing.md')
  const old = fs.readFileSync(page, 'utf8')
  fs.writeFileSync(page, `${old.slice(0, old.indexOf(BEGIN) + BEGIN.length)}\n${text}${old.slice(old.indexOf(END))}`)
  return { passed, missed }
}
