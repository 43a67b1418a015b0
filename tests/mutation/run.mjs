// Mutation tests: Stryker.NET, piece by piece. `node tests/mutation/run.mjs [piece...]`; all of pieces.json without a name.
// Writes Stryker's reports and logs into artifacts/mutation/, the counts of each piece into tests/mutation/results/, and their sum into docs/testing.md.
// Exits with 1 where a target is missed.
import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { countsOf, matches, summarize } from './summary.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const out = path.join(root, 'artifacts/mutation')
const tree = path.join(out, 'tree')
const { common, leftOut, pieces } = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, 'pieces.json'), 'utf8'))

const results = path.join(import.meta.dirname, 'results')

const git = (...words) => spawnSync('git', words, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 }).stdout

// Stryker puts mutated assemblies into the folders of the tests, so it works in a copy.
function copyTree() {
  const files = new Set(git('ls-files', '-co', '--exclude-standard', '-z').split('\0').filter((file) => file && fs.existsSync(path.join(root, file))))
  for (const file of files) {
    const from = path.join(root, file)
    const to = path.join(tree, file)
    if (!fs.existsSync(to) || !fs.readFileSync(from).equals(fs.readFileSync(to))) {
      fs.mkdirSync(path.dirname(to), { recursive: true })
      fs.copyFileSync(from, to)
    }
  }
  for (const folder of ['src', 'tests']) {
    for (const entry of fs.readdirSync(path.join(tree, folder), { recursive: true })) {
      const file = path.join(folder, entry)
      if (file.endsWith('.cs') && !/\/(bin|obj)\//.test(file) && !files.has(file)) {
        fs.rmSync(path.join(tree, file))
      }
    }
  }
}

function filterOf(piece) {
  const named = piece.tests.map((name) => `FullyQualifiedName~${name}`).join('|')
  return `(${named})${leftOut.map((name) => `&FullyQualifiedName!~${name}`).join('')}`
}

// Stryker is a tree of processes, which is a group of its own.
let running = null
const stop = (child) => process.kill(-child.pid, 'SIGTERM')
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (running) { stop(running) }
    process.exit(1)
  })
}

// Runs Stryker with its output in a log. Gives what is wrong, if something is.
function stryker(config, work, log, folder) {
  return new Promise((resolve) => {
    const child = spawn('dotnet', ['stryker', '-f', config, '-O', work], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, MutationRun: 'true' } })
    const file = fs.createWriteStream(log)
    running = child
    let wrong = null
    const look = (chunk) => {
      file.write(chunk)

      // Such a test counts as one that reaches every mutant, and each of them would pass for killed by its slowness.
      const slow = /coverage for ([0-9a-f]+); marking as Dubious/.exec(chunk)
      if (slow && wrong === null) {
        wrong = `${nameOf(folder, slow[1])} is too slow to tell which mutants it reaches: leave it out`
        stop(child)
      }
    }
    child.stdout.setEncoding('utf8').on('data', look)
    child.stderr.setEncoding('utf8').on('data', look)
    child.on('close', (code) => {
      running = null
      file.end()
      resolve(wrong ?? (code === 0 ? null : `Stryker ended with ${code}; see ${path.relative(root, log)}`))
    })
  })
}

function nameOf(folder, id) {
  const name = path.basename(folder)
  const list = spawnSync(path.join(folder, 'bin/Release/net10.0', name), ['-list', 'full/json'], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout ?? ''
  return new RegExp(`"DisplayName":"([^"]*)","ID":"${id}"`).exec(list)?.[1] ?? `The test ${id}`
}

async function run(piece) {
  const folder = path.join(tree, 'tests', piece.testProjects[0])
  const config = path.join(out, `${piece.name}.config.json`)
  const work = path.join(out, piece.name)
  fs.rmSync(work, { recursive: true, force: true })
  fs.writeFileSync(config, JSON.stringify({
    'stryker-config': {
      ...common,
      project: `${piece.project}.csproj`,
      'test-projects': piece.testProjects.map((name) => path.join(tree, 'tests', name, `${name}.csproj`)),
      mutate: piece.mutate,
      ...(piece.timeout && { 'additional-timeout': piece.timeout }),
      'test-case-filter': filterOf(piece),
    },
  }, null, 2))
  const begun = Date.now()
  const wrong = await stryker(config, work, path.join(out, `${piece.name}.log`), folder)
  if (wrong !== null) {
    return wrong
  }

  const { files } = JSON.parse(fs.readFileSync(path.join(work, 'reports/mutation-report.json'), 'utf8'))
  const counts = {}
  for (const [name, file] of Object.entries(files)) {
    const source = name.split('/src/').at(-1)
    if (matches(piece, source)) { counts[source] = countsOf(file) }
  }
  const result = { commit, date: new Date().toISOString().slice(0, 10), seconds: Math.round((Date.now() - begun) / 1000), files: counts }
  fs.mkdirSync(results, { recursive: true })
  fs.writeFileSync(path.join(results, `${piece.name}.json`), `${JSON.stringify(result, null, 2)}\n`)
  return null
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !pieces.some((piece) => piece.name === name))
if (unknown.length > 0) {
  console.error(`There is no piece ${unknown.join(', ')}. There are: ${pieces.map((piece) => piece.name).join(', ')}.`)
  process.exit(2)
}

// Asked before the hours that a run takes, in which there may be other commits.
const commit = git('rev-parse', '--short', 'HEAD').trim() + (git('status', '--porcelain', '--', 'src', 'tests', ':!tests/mutation') ? ' and changes' : '')
let failed = 0
fs.mkdirSync(tree, { recursive: true })
copyTree()
for (const piece of pieces.filter((one) => names.length === 0 || names.includes(one.name))) {
  const wrong = await run(piece)
  console.log(`${wrong ? 'FAILED' : 'ok'} ${piece.name}${wrong ? `: ${wrong}` : ''}`)
  failed += wrong ? 1 : 0
}

const { passed, missed } = summarize(root, results, pieces)
console.log(`${passed} passed, ${missed + failed} failed`)
process.exit(missed + failed > 0 ? 1 : 0)
