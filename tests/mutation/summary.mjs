// Puts the results of all pieces together, holds them against the targets, and writes the table of docs/testing.md.
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
export function countsOf(file) {
  const counts = count()
  for (const { status } of file.mutants) {
    if (status in counts) { counts[status]++ }
  }
  return counts
}

// Which folder of which project a source belongs to.
const folderOf = (source) => source.split('/').slice(0, -1).slice(0, 2).join('/')

// Whether a source is one of the project of a piece, one of the patterns names it, and none with a "!" takes it out again.
export function matches(piece, source) {
  const names = (pattern) => new RegExp(`^${pattern.replace(/[.+]/g, '\\$&').replaceAll('**/', '\0').replaceAll('*', '[^/]*').replaceAll('\0', '(?:.*/)?')}$`).test(source)
  return source.startsWith(`${piece.project}/`) && piece.mutate.some((pattern) => !pattern.startsWith('!') && names(pattern)) && !piece.mutate.some((pattern) => pattern.startsWith('!') && names(pattern.slice(1)))
}

// Every source of the projects that are mutated, as "project/folder/file.cs".
function sources(root, pieces) {
  const projects = [...new Set(pieces.map((piece) => piece.project))]
  return projects.flatMap((project) => fs.readdirSync(path.join(root, 'src', project), { recursive: true })
    .map((entry) => path.posix.join(project, entry))
    .filter((source) => source.endsWith('.cs') && !/\/(bin|obj)\//.test(source)))
}

function read(root, results, pieces) {
  const astray = sources(root, pieces)
    .map((source) => ({ source, times: pieces.filter((piece) => matches(piece, source)).length }))
    .filter(({ times }) => times !== 1)
  if (astray.length > 0) {
    console.log(`Every file belongs to one piece; these do not, and to so many: ${astray.map(({ source, times }) => `${source} (${times})`).join(', ')}`)
    return null
  }

  const folders = new Map()
  const runs = []
  const open = []
  for (const piece of pieces) {
    const result = path.join(results, `${piece.name}.json`)
    if (!fs.existsSync(result)) {
      open.push(piece)
      continue
    }

    const { commit, date, seconds, files } = JSON.parse(fs.readFileSync(result, 'utf8'))
    runs.push({ name: piece.name, commit, date, seconds })
    for (const [source, counts] of Object.entries(files)) {
      const folder = folderOf(source)
      if (!folders.has(folder)) { folders.set(folder, count()) }
      add(folders.get(folder), counts)
    }
  }
  return { folders, runs, open }
}

function row(name, counts, note = '') {
  return `| ${name} | ${score(counts).toFixed(1)}% | ${all(counts)} | ${counts.Killed} | ${counts.Timeout} | ${counts.Survived} | ${counts.NoCoverage} |${note}\n`
}

export function summarize(root, results, pieces) {
  const found = read(root, results, pieces)
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

  const without = open.length > 0 ? `\nNot in this table, since they have not been run to their end: ${open.map((piece) => piece.name).join(', ')}.\n` : ''
  const minutes = (seconds) => `${Math.max(1, Math.round(seconds / 60))} min`
  const when = runs.map((run) => `${run.name} (${run.commit}, ${run.date}${run.seconds ? `, ${minutes(run.seconds)}` : ''})`).join(', ')
  const text = `${table}\n${verdicts}\nThe runs: ${when}.\n${without}`
  console.log(`\n${text}`)
  const page = path.join(root, 'docs/testing.md')
  const old = fs.readFileSync(page, 'utf8')
  fs.writeFileSync(page, `${old.slice(0, old.indexOf(BEGIN) + BEGIN.length)}\n${text}${old.slice(old.indexOf(END))}`)
  return { passed, missed }
}
