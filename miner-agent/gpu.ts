/**
 * Finds the GPUs of this host by asking `nvidia-smi`, found on PATH.
 */
import { execFile } from 'node:child_process'
import { err, ok, type Result } from '../core/base/result.ts'

/** One GPU; `null` where the driver reports that it does not know. */
export type Gpu = {
  readonly index: number
  readonly uuid: string
  readonly name: string
  readonly memoryTotalMib: number | null
  readonly memoryUsedMib: number | null
  readonly utilizationPercent: number | null
}

export type GpuProbe = {
  readonly gpus: readonly Gpu[]
  /** Newest CUDA version that the driver supports, such as `12.4`. */
  readonly cudaVersion: string | null
}

export type GpuError =
  | { readonly code: 'GPU_TOOL_MISSING'; readonly message: string }
  | { readonly code: 'GPU_TOOL_FAILED'; readonly message: string }
  | { readonly code: 'GPU_TOOL_TIMEOUT'; readonly message: string }
  | { readonly code: 'GPU_OUTPUT_INVALID'; readonly message: string }
  | { readonly code: 'GPU_NOT_FOUND'; readonly message: string }

export type GpuProbeOptions = {
  /** Where PATH comes from; the process's own environment when absent. */
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

const PROBE_TIMEOUT_MS = 10_000
const OUTPUT_BYTES_MAX = 1_048_576
const GPUS_MAX = 64
const FIELDS = 'index,uuid,name,memory.total,memory.used,utilization.gpu'
const WITHOUT_GPU = 'use --gpu none to run without one'

/** Asks for all GPUs; a host without any is an error that names `--gpu none`. */
export async function probeGpus(
  options: GpuProbeOptions = {},
): Promise<Result<GpuProbe, GpuError>> {
  const listed = await nvidiaSmi(
    [`--query-gpu=${FIELDS}`, '--format=csv,noheader,nounits'],
    options,
  )
  if (!listed.ok) return listed
  const gpus = parseGpus(listed.value)
  if (!gpus.ok) return gpus
  if (gpus.value.length === 0) {
    return err({ code: 'GPU_NOT_FOUND', message: `nvidia-smi lists no GPU; ${WITHOUT_GPU}` })
  }
  const banner = await nvidiaSmi([], options)
  return ok({ gpus: gpus.value, cudaVersion: banner.ok ? parseCudaVersion(banner.value) : null })
}

/** Picks the GPU with this index; the error names those that exist and `--gpu none`. */
export function selectGpu(probe: GpuProbe, index: number): Result<Gpu, GpuError> {
  const gpu = probe.gpus.find((candidate) => candidate.index === index)
  if (gpu !== undefined) return ok(gpu)
  const known = probe.gpus.map((candidate) => candidate.index).join(', ')
  const message = `there is no GPU ${index} (this host has ${known}); ${WITHOUT_GPU}`
  return err({ code: 'GPU_NOT_FOUND', message })
}

/** Reads the rows of `nvidia-smi --query-gpu=… --format=csv,noheader,nounits`. */
export function parseGpus(output: string): Result<readonly Gpu[], GpuError> {
  const rows = output.split('\n').filter((row) => row.trim() !== '')
  if (rows.length === 1 && /^no devices were found/i.test(rows[0] ?? '')) return ok([])
  if (rows.length > GPUS_MAX) return invalid(`${rows.length} rows`)
  const gpus: Gpu[] = []
  for (const row of rows) {
    const gpu = parseGpu(row)
    if (gpu === null) return invalid(JSON.stringify(row.slice(0, 120)))
    gpus.push(gpu)
  }
  return ok(gpus)
}

/** Reads the CUDA version from nvidia-smi's banner; newer drivers write `CUDA UMD Version`. */
export function parseCudaVersion(banner: string): string | null {
  return /CUDA(?: UMD)? Version\s*:\s*(\d+\.\d+)/.exec(banner)?.[1] ?? null
}

function parseGpu(row: string): Gpu | null {
  const cells = row.split(',').map((cell) => cell.trim())
  // Three cells before the name's end and three after it: a name may itself hold commas.
  if (cells.length < 6) return null
  const [index, uuid] = cells
  const name = cells.slice(2, -3).join(', ')
  const [total, used, utilization] = cells.slice(-3).map(parseCount)
  if (index === undefined || !/^\d{1,4}$/.test(index) || !uuid || name === '') return null
  if (total === undefined || used === undefined || utilization === undefined) return null
  return {
    index: Number(index),
    uuid,
    name,
    memoryTotalMib: total,
    memoryUsedMib: used,
    utilizationPercent: utilization,
  }
}

/** A whole number, `null` for `[N/A]` and its relatives, `undefined` for anything else. */
function parseCount(cell: string): number | null | undefined {
  if (/^\[.*\]$/.test(cell) || cell === 'N/A') return null
  return /^\d{1,12}$/.test(cell) ? Number(cell) : undefined
}

function invalid(what: string): Result<never, GpuError> {
  const message = `nvidia-smi answered in an unknown form (${what}); ${WITHOUT_GPU}`
  return err({ code: 'GPU_OUTPUT_INVALID', message })
}

function nvidiaSmi(
  args: readonly string[],
  options: GpuProbeOptions,
): Promise<Result<string, GpuError>> {
  const settings = {
    env: options.env ?? process.env,
    timeout: options.timeoutMs ?? PROBE_TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
  } as const
  return new Promise((resolve) => {
    execFile('nvidia-smi', args, settings, (error, stdout, stderr) => {
      if (error === null) return resolve(ok(stdout))
      // "No devices were found" comes with a non-zero exit; the parser knows what it means.
      if (/^no devices were found/i.test(stdout)) return resolve(ok(stdout))
      resolve(err(toolError(error, `${stderr}${stdout}`, settings.timeout)))
    })
  })
}

function toolError(
  error: Error & { readonly code?: unknown; readonly killed?: boolean },
  output: string,
  timeoutMs: number,
): GpuError {
  if (error.code === 'ENOENT') {
    return { code: 'GPU_TOOL_MISSING', message: `nvidia-smi is not on PATH; ${WITHOUT_GPU}` }
  }
  if (error.killed === true && error.code !== 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
    const message = `nvidia-smi did not answer within ${timeoutMs} ms; ${WITHOUT_GPU}`
    return { code: 'GPU_TOOL_TIMEOUT', message }
  }
  const said = output.trim().split('\n')[0]?.slice(0, 200) || error.message.split('\n')[0]
  return { code: 'GPU_TOOL_FAILED', message: `nvidia-smi failed (${said}); ${WITHOUT_GPU}` }
}
