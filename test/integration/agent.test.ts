import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { agentDist } from '../../scripts/setup/build.ts'
import { inRoot } from '../../scripts/setup/paths.ts'
import { startOllamaServer } from '../support/ollama-server.ts'
import { startTestSite, type TestSite } from '../support/site.ts'
import { environmentOf, type Program, startProgram, typescript } from './program.ts'

let folder: string
let site: TestSite
const programs: Program[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aitbc-agent-'))
  site = await startTestSite()
})
afterEach(async () => {
  for (const { child } of programs) child.kill('SIGKILL')
  await Promise.all(programs.splice(0).map(({ ended }) => ended))
})
afterAll(async () => {
  await site.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const homeOf = (name: string) => environmentOf(join(folder, name))

function miner(id: string, options: { args?: string[]; home?: string; bundle?: string } = {}) {
  const program =
    options.bundle === undefined ? typescript('miner-agent/main.ts') : [options.bundle]
  const started = startProgram(
    [
      ...program,
      ...['--id', id, '--api', site.url, '--gpu', 'none', '--engine', 'embedded'],
      ...(options.args ?? []),
    ],
    { env: homeOf(options.home ?? id) },
  )
  programs.push(started)
  return started
}

function client(id: string, args: string[] = []) {
  const started = startProgram(
    [
      ...typescript('cli/client.ts'),
      ...['--id', id, '--api', site.url, '--ollama-model', 'aitbc-tiny'],
      ...args,
    ],
    { env: homeOf(id) },
  )
  programs.push(started)
  return started
}

const ask = (id: string, prompt: string, args: string[] = []) =>
  client(id, ['--prompt', prompt, ...args])

/** Waits until the read model has something. */
async function indexed(path: string): Promise<void> {
  while (!(await fetch(`${site.url}${path}`)).ok) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe('the miner as one file', () => {
  test('is served with the unit that runs it as a service', async () => {
    const answer = await fetch(`${site.url}/agent/aitbc-miner.service`)
    const unit = readFileSync(inRoot('miner-agent', 'aitbc-miner.service'), 'utf8')
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe(unit)
  })

  test('runs alone, fetches its model from the site, earns, and drains on SIGTERM', async () => {
    const bundle = join(mkdtempSync(join(folder, 'alone-')), 'miner.mjs')
    copyFileSync(join(agentDist, 'miner.mjs'), bundle)
    const alone = miner('miner-alone', { bundle })
    await alone.until(/fetching the embedded model/)
    await alone.until(/connected/)
    const asking = ask('client-alone', 'What is the capital of France?')
    expect(await asking.ended, asking.stderr()).toBe(0)
    expect(asking.stdout()).toBe('The capital of France is Paris.\n')
    await alone.until(/ settled {2}job=/)
    expect(alone.stderr()).not.toContain('Paris')
    expect(alone.stderr()).not.toContain('capital')
    alone.child.kill('SIGTERM')
    expect(await alone.ended).toBe(0)
    expect(alone.stderr()).toContain('why="not earning: draining"')
    const journal = join(folder, 'miner-alone', 'releases', 'miner-alone.ndjson')
    const kinds = readFileSync(journal, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind)
    expect(kinds).toEqual(['signed', 'release', 'settled'])
  })
})

describe('a miner among others', () => {
  test('ends a job that runs before it drains away', async () => {
    const slow = miner('miner-drain', { args: ['--tokens-per-second', '2', '--verbose'] })
    await slow.until(/connected/)
    const asking = ask('client-drain', 'What is the capital of Italy?')
    await slow.until(/first token/)
    slow.child.kill('SIGTERM')
    await slow.until(/draining/)
    expect(await slow.ended).toBe(0)
    expect(await asking.ended, asking.stderr()).toBe(0)
    expect(slow.stderr()).toMatch(/released {2}job=/)
  })

  test('goes on after its site was killed in the middle of a job, which is paid once', async () => {
    const slow = miner('miner-resume', { args: ['--tokens-per-second', '1', '--verbose'] })
    await slow.until(/connected/)
    const asking = ask('client-resume', 'What is the capital of Spain?', ['--output', 'json'])
    await slow.until(/first token/)
    await site.site.killRuntime()
    expect(await asking.ended, asking.stderr()).toBe(0)
    expect(JSON.parse(asking.stdout())).toMatchObject({
      answer: 'The capital of Spain is Madrid.',
      attempts: 1,
      proof_verified: true,
    })
    expect(slow.stderr()).toMatch(/connection lost|cannot be reached/)
    expect(slow.stderr().match(/released {2}job=/g)).toHaveLength(1)
    const { receipt_hash: receipt } = JSON.parse(asking.stdout()) as { receipt_hash: string }
    await indexed(`/rpc/receipts/${receipt}`)
    const checking = startProgram(
      [
        ...[...typescript('cli/client.ts'), 'verify', '--api', site.url],
        ...['--receipt', receipt, '--output', 'json'],
      ],
      { env: homeOf('client-resume') },
    )
    programs.push(checking)
    expect(await checking.ended, checking.stderr()).toBe(0)
    expect(JSON.parse(checking.stdout())).toMatchObject({
      ok: true,
      verified: { kind: 'receipt', receipt_hash: receipt, outcome: 'applied' },
    })
  })

  test('gives way to itself when it is started a second time, with exit code 5', async () => {
    const first = miner('miner-twice')
    await first.until(/connected/)
    const second = miner('miner-twice')
    await second.until(/connected/)
    expect(await first.ended).toBe(5)
    expect(first.stderr()).toContain('code=REPLACED')
  })

  test('keeps its name among strangers', async () => {
    const first = miner('miner-name', { home: 'one' })
    await first.until(/connected {2}miner=miner-name /)
    const second = miner('miner-name', { home: 'two' })
    await second.until(/connected {2}miner=miner-name\.[0-9a-f]{16} /)
    const asking = ask('client-name', 'What is the capital of France?', ['--output', 'json'])
    expect(await asking.ended, asking.stderr()).toBe(0)
  })

  test('ends after one paid job when it was asked to', async () => {
    const once = miner('miner-once', { args: ['--once'] })
    await once.until(/connected/)
    const asking = ask('client-once', 'What is the capital of France?')
    expect(await once.ended).toBe(0)
    expect(await asking.ended, asking.stderr()).toBe(0)
  })

  test('with a wrong API key it is turned away with exit code 3', async () => {
    const started = startProgram(
      [
        ...typescript('miner-agent/main.ts'),
        ...['--id', 'm', '--api', site.url, '--gpu', 'none', '--engine', 'embedded'],
        ...['--api-key-env', 'KEY'],
      ],
      { env: { ...homeOf('key'), KEY: 'aitbc_miner_wrong' } },
    )
    programs.push(started)
    expect(await started.ended).toBe(3)
    expect(started.stderr()).not.toContain('aitbc_miner_wrong')
  })
})

describe('a miner with Ollama', () => {
  test('offers its models and sells what it computes', async () => {
    const ollama = await startOllamaServer({ models: ['llama-test:latest'] })
    try {
      const args = ['--engine', 'auto', '--ollama-url', ollama.url, '--price-out', '0.05']
      const serving = miner('miner-ollama', { args })
      await serving.until(/connected .*models=llama-test:latest/)
      const asking = ask('client-ollama', 'What is the capital of France?', [
        ...['--ollama-model', 'llama-test', '--output', 'json'],
      ])
      expect(await asking.ended, asking.stderr()).toBe(0)
      expect(JSON.parse(asking.stdout())).toMatchObject({
        model: 'llama-test:latest',
        answer: 'The capital of France is Paris.',
        miner: 'miner-ollama',
      })
    } finally {
      await ollama.close()
    }
  })
})

describe('what the miner refuses to start with', () => {
  const start = (args: string[], env: Record<string, string> = {}) => {
    const started = startProgram([...typescript('miner-agent/main.ts'), ...args], {
      env: { ...homeOf('refused'), PATH: '/nonexistent', ...env },
    })
    programs.push(started)
    return started
  }

  test('a GPU that is not there: exit code 2, and --gpu none is named', async () => {
    const started = start(['--id', 'm', '--gpu', '0', '--api', 'http://127.0.0.1:18000'])
    expect(await started.ended).toBe(2)
    expect(started.stderr()).toContain('--gpu none')
  })

  test('an Ollama that does not answer: exit code 6', async () => {
    const args = ['--id', 'm', '--gpu', 'none', '--engine', 'ollama']
    const started = start([...args, '--ollama-url', 'http://127.0.0.1:9'])
    expect(await started.ended).toBe(6)
  })

  test('a key without a password: exit code 3, and the variable is named', async () => {
    const args = ['--id', 'm', '--gpu', 'none', '--engine', 'embedded', '--dry-run']
    const started = start(args, { AITBC_KEY_PASSWORD: '' })
    expect(await started.ended).toBe(3)
    expect(started.stderr()).toContain('AITBC_KEY_PASSWORD')
  })

  test('--dry-run shows the card on stdout and connects to nothing', async () => {
    const args = ['--id', 'm', '--gpu', 'none', '--engine', 'embedded', '--dry-run']
    const started = start([...args, '--api', 'http://127.0.0.1:9', '--region', 'eu'])
    expect(await started.ended, started.stderr()).toBe(0)
    expect(JSON.parse(started.stdout())).toMatchObject({
      engine: 'embedded',
      region: 'eu',
      models: [{ name: 'aitbc-tiny', price_prompt: '1000000', price_completion: '3000000' }],
    })
  })
})

describe('the client and a real site', () => {
  test('counts, reads standard input, and reuses its escrow', async () => {
    const serving = miner('miner-count')
    await serving.until(/connected/)
    const asking = startProgram(
      [
        ...typescript('cli/client.ts'),
        ...['--id', 'client-count', '--api', site.url, '--ollama-model', 'aitbc-tiny'],
        ...['--prompt-file', '-', '--count', '2', '--output', 'json'],
      ],
      { env: homeOf('client-count'), input: 'What is the capital of Germany?\n' },
    )
    programs.push(asking)
    expect(await asking.ended, asking.stderr()).toBe(0)
    const reports = asking
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { job_id: string; ok: boolean })
    expect(reports.map(({ ok }) => ok)).toEqual([true, true])
    expect(new Set(reports.map(({ job_id }) => job_id)).size).toBe(2)
    const again = ask('client-count', 'What is the capital of France?', ['--quiet'])
    expect(await again.ended).toBe(0)
    expect(again.stderr()).toBe('')
    const state = JSON.parse(
      readFileSync(join(folder, 'client-count', 'clients', 'client-count.json'), 'utf8'),
    ) as { escrows: Record<string, { next_number: number }> }
    expect(Object.values(state.escrows).map(({ next_number }) => next_number)).toEqual([4])
  })

  test('exit codes say what went wrong', async () => {
    const serving = miner('miner-codes')
    await serving.until(/connected/)
    const low = ask('client-codes', 'What is the capital of France?', ['--max-price', '0.00001'])
    expect(await low.ended).toBe(5)
    expect(low.stderr()).toContain('PRICE_TOO_LOW')
    expect(low.stdout()).toBe('')
    const unknown = client('client-codes', ['--prompt', 'x', '--ollama-model', 'nothing'])
    expect(await unknown.ended).toBe(4)
    expect(unknown.stderr()).toContain('aitbc-tiny')
    const long = ask('client-codes', 'x', ['--ttl', '1h'])
    expect(await long.ended).toBe(2)
    const away = startProgram(
      [
        ...typescript('cli/client.ts'),
        ...['--id', 'c', '--api', 'http://127.0.0.1:9', '--ollama-model', 'm', '--prompt', 'x'],
        ...['--output', 'json'],
      ],
      { env: homeOf('away') },
    )
    programs.push(away)
    expect(await away.ended).toBe(6)
    expect(JSON.parse(away.stdout())).toMatchObject({ ok: false, error: { code: 'UNREACHABLE' } })
  })

  test('an interrupt cancels the job and exits 130', async () => {
    const slow = miner('miner-slow', { args: ['--tokens-per-second', '1', '--verbose'] })
    await slow.until(/connected/)
    const asking = ask('client-slow', 'What is the capital of France?')
    await slow.until(/first token/)
    asking.child.kill('SIGINT')
    expect(await asking.ended).toBe(130)
    await slow.until(/job canceled/)
  })
})
