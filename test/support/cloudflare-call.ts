/** One request to the stand-in of Cloudflare's API, and how its parts answer it. */

export type Call = {
  readonly method: string
  /** Path below `/client/v4`, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly body: Buffer
  /** What the placeholders of the address stand for. */
  readonly params: Readonly<Record<string, string>>
  /** Where the stand-in listens. */
  readonly origin: string
}

/** Returns the `result` of the answer, or throws a `CloudflareFault`. */
export type Handler = (call: Call) => unknown

/** Handlers by `METHOD /path/:placeholder`. */
export type Handlers = Readonly<Record<string, Handler>>

/** A refusal as the platform words it: its own code beside the HTTP status. */
export class CloudflareFault extends Error {
  readonly status: number
  readonly code: number

  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export function jsonOf<T>({ body }: Call): T {
  return JSON.parse(body.toString()) as T
}

/** Fields and files of a multipart body. */
export function formOf({ body, headers }: Call): Promise<FormData> {
  const type = headers.get('content-type') ?? ''
  return new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
}

/** A token with readable claims, as the upload sessions of the platform hand out. */
export function tokenOf(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ exp: 4_102_444_800, ...claims })}.sig`
}

/** The bearer token of a call. */
export function bearerOf({ headers }: Call): string {
  return (headers.get('authorization') ?? '').replace(/^Bearer /, '')
}
