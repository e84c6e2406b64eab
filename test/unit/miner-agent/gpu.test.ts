import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseCudaVersion, parseGpus, probeGpus, selectGpu } from '../../../miner-agent/gpu.ts'

const ROWS = [
  '0, GPU-1f2e3d4c-0000-1111-2222-333344445555, NVIDIA GeForce RTX 4090, 24564, 1021, 17',
  '1, GPU-9a8b7c6d-0000-1111-2222-333344445555, NVIDIA L4, 23034, 0, 0',
].join('\n')
const BANNER = '| NVIDIA-SMI 550.54.15   Driver Version: 550.54.15   CUDA Version: 12.4 |'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aitbc-gpu-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Puts a program named nvidia-smi first on PATH. */
function fakeTool(body: string): { env: NodeJS.ProcessEnv } {
  const path = join(folder, 'nvidia-smi')
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
  return { env: { PATH: [folder, '/usr/bin', '/bin'].join(delimiter) } }
}

const QUERY = '--query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu'
const WORKING = `
if [ "$1" = "${QUERY}" ] && [ "$2" = "--format=csv,noheader,nounits" ]; then
cat <<'END'
${ROWS}
END
else
cat <<'END'
${BANNER}
END
fi`

describe('gpu probe', () => {
  test('lists all GPUs and the CUDA version', async () => {
    expect(await probeGpus(fakeTool(WORKING))).toEqual({
      ok: true,
      value: {
        cudaVersion: '12.4',
        gpus: [
          {
            index: 0,
            uuid: 'GPU-1f2e3d4c-0000-1111-2222-333344445555',
            name: 'NVIDIA GeForce RTX 4090',
            memoryTotalMib: 24_564,
            memoryUsedMib: 1_021,
            utilizationPercent: 17,
          },
          {
            index: 1,
            uuid: 'GPU-9a8b7c6d-0000-1111-2222-333344445555',
            name: 'NVIDIA L4',
            memoryTotalMib: 23_034,
            memoryUsedMib: 0,
            utilizationPercent: 0,
          },
        ],
      },
    })
  })

  test('no tool, no GPU, a broken driver, nonsense and silence each have their code', async () => {
    const silent = { ...fakeTool('exec sleep 600'), timeoutMs: 100 }
    expect(await probeGpus(silent)).toMatchObject({ error: { code: 'GPU_TOOL_TIMEOUT' } })
    const cases = [
      ['GPU_NOT_FOUND', fakeTool, 'echo "No devices were found"; exit 6'],
      ['GPU_NOT_FOUND', fakeTool, 'exit 0'],
      ['GPU_TOOL_FAILED', fakeTool, 'echo "NVIDIA-SMI has failed" >&2; exit 9'],
      ['GPU_OUTPUT_INVALID', fakeTool, 'echo "hello"'],
      ['GPU_TOOL_FAILED', fakeTool, 'yes | head -c 3000000'],
      ['GPU_TOOL_MISSING', () => ({ env: { PATH: join(folder, 'empty') } }), ''],
    ] as const
    for (const [code, make, body] of cases) {
      const probe = await probeGpus(make(body))
      expect(probe).toMatchObject({ ok: false, error: { code } })
      if (!probe.ok) expect(probe.error.message).toContain('--gpu none')
    }
  })

  test('a driver without a banner still has GPUs', async () => {
    const tool = fakeTool(`[ -n "$1" ] || exit 1\ncat <<'END'\n${ROWS}\nEND`)
    const probe = await probeGpus(tool)
    expect(probe).toMatchObject({ ok: true, value: { cudaVersion: null } })
  })

  test('picks by index, and names what there is instead', async () => {
    const probe = await probeGpus(fakeTool(WORKING))
    if (!probe.ok) throw new Error(probe.error.message)
    expect(selectGpu(probe.value, 1)).toMatchObject({ ok: true, value: { name: 'NVIDIA L4' } })
    const missing = selectGpu(probe.value, 3)
    expect(missing).toMatchObject({ ok: false, error: { code: 'GPU_NOT_FOUND' } })
    if (!missing.ok) {
      expect(missing.error.message).toContain('0, 1')
      expect(missing.error.message).toContain('--gpu none')
    }
  })
})

describe('nvidia-smi output', () => {
  test('unknown values are null, not zero', () => {
    expect(parseGpus('0, GPU-1, NVIDIA GB10, [N/A], [N/A], [Not Supported]\n')).toMatchObject({
      value: [{ memoryTotalMib: null, memoryUsedMib: null, utilizationPercent: null }],
    })
  })

  test('a name may hold commas', () => {
    expect(parseGpus('0, GPU-1, Card, big, 8192, 1, 2')).toMatchObject({
      value: [{ name: 'Card, big', memoryTotalMib: 8_192 }],
    })
  })

  test.each([
    'x, GPU-1, Card, 1, 2, 3',
    '0, , Card, 1, 2, 3',
    '0, GPU-1, , 1, 2, 3',
    '0, GPU-1, Card, -1, 2, 3',
    '0, GPU-1, Card, 1.5, 2, 3',
    '0, GPU-1, Card, 1, 2',
    Array(65).fill('0, GPU-1, Card, 1, 2, 3').join('\n'),
  ])('%j is refused', (output) => {
    expect(parseGpus(output)).toMatchObject({ ok: false, error: { code: 'GPU_OUTPUT_INVALID' } })
  })

  test('finds the CUDA version in old and new banners', () => {
    expect(parseCudaVersion(BANNER)).toBe('12.4')
    expect(parseCudaVersion('| Driver Version: 590.1  CUDA UMD Version: 13.1 |')).toBe('13.1')
    expect(parseCudaVersion('CUDA Version        : 12.8')).toBe('12.8')
    expect(parseCudaVersion('CUDA Version: N/A')).toBeNull()
  })
})
