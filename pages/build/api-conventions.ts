/** What holds for every endpoint, in the words of the reference. Bounds come from where they are set. */
import { chainListLimits } from '../../core/api/chain-lists.ts'
import { rpcLimits } from '../../core/api/rpc-limits.ts'
import { requestAgeMsMax, signedRequestHeaders } from '../../core/api/signed-request.ts'
import { submitBatchMax } from '../../core/chain/limits.ts'
import { jobLimits } from '../../core/jobs/limits.ts'
import { sentence } from './api-fields.ts'

const { publicKey, timestampMs, signature } = signedRequestHeaders

const terms: readonly (readonly [string, string])[] = [
  [
    'Addresses',
    'The API stands under `/api/v1`, and for older programs also under `/api` and `/v1`, as each endpoint says; the chain under `/rpc`. Every `GET` also answers `HEAD`. Bodies are JSON in UTF-8, at most 4 MiB.',
  ],
  [
    'Who is asking',
    `An API key comes as \`X-Api-Key\` or as \`Authorization: Bearer\`. Instead of a key, clients may sign each request: \`${publicKey}\` (public key), \`${timestampMs}\` (Unix milliseconds) and \`${signature}\`, an Ed25519 signature over host, method, path with query, body and time. It is good for ${requestAgeMsMax / 1_000} seconds.`,
  ],
  [
    'Failures',
    '`{"error": {"code", "message", "status", "details", "request_id"}, "detail", "timestamp"}` with the status of the code. Read `code`, show `message`, name `request_id` when you ask for help. Chat completions and models fail in OpenAI’s shape. Every answer has `X-Request-Id`; yours is kept when it is well formed.',
  ],
  [
    'Amounts',
    'Base units: 1 AITBC is 100 000 000. New fields are decimal text; fields of the original keep its numbers, with decimal text where a number would not be exact.',
  ],
  [
    'Times',
    'UTC throughout. Lists by cursor and failures write RFC 3339; fields of the original have no zone and six decimals.',
  ],
  [
    'Lists',
    `Lists by cursor take \`limit\` (at most ${chainListLimits.pageMax}) and \`cursor\`, and answer \`items\`, \`next_cursor\`, \`previous_cursor\`, \`as_of\` and \`source\`. Lists of the original take \`limit\` (at most ${rpcLimits.pageMax} under \`/rpc\`, ${rpcLimits.explorerPageMax} in the explorer, ${jobLimits.pageMax} of jobs) and \`offset\`.`,
  ],
  [
    'Sending twice',
    'A signed transaction is one transaction, however often it is sent, and so is an authorisation. A job of an API key is a new job each time: ask `GET /api/v1/jobs` before you repeat one whose answer was lost. Canceling and reporting twice change nothing.',
  ],
  [
    'Limits',
    `Requests without a key are counted by address, those with one by key; above the limit the answer is 429 with \`Retry-After\`. A batch holds at most ${submitBatchMax} transactions, a payload ${jobLimits.payloadBytesMax.toLocaleString('en-US').replaceAll(',', ' ')} bytes, a client ${jobLimits.openJobsPerClientMax} open jobs.`,
  ],
  [
    'Other origins',
    'Browsers of other origins may call from those on the site’s list (`CORS_ORIGINS`), with credentials. `/openapi.json` is open to all. Nothing that the API answers may be kept by caches.',
  ],
  [
    'Examples',
    'Commands take keys from `AITBC_API_KEY` and `AITBC_MINER_KEY`. Answers were recorded from a site; long hex and lists are cut short.',
  ],
]

/** A list of terms. */
export const conventions = (): string =>
  `<dl class="conventions">${terms.map(([term, text]) => `<div><dt>${term}</dt><dd>${sentence(text)}</dd></div>`).join('')}</dl>`
