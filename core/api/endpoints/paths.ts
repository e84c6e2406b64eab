/** Where endpoints are, in all spellings that answer alike, and what stands in their placeholders. */
import * as z from 'zod'

/** Endpoints of the coordinator: `/api/v1/X`, `/api/X` and `/v1/X`. */
export const coordinatorAt = <const Rest extends string>(rest: Rest) => ({
  path: `/api/v1${rest}` as const,
  aliases: [`/api${rest}`, `/v1${rest}`] as const,
})

/** The same, for what programs of OpenAI's format ask at `/v1/X`. */
export const openAiAt = <const Rest extends string>(rest: Rest) => ({
  path: `/v1${rest}` as const,
  aliases: [`/api/v1${rest}`, `/api${rest}`] as const,
})

/** Administration, in the spellings of the coordinator and as programs of the original spell it. */
export const adminAt = <const Rest extends string>(rest: Rest) => ({
  path: `/api/v1/admin${rest}` as const,
  aliases: [`/api/admin${rest}`, `/v1/admin${rest}`, `/admin${rest}`] as const,
})

/** Lists of the original's explorer: `/api/explorer/X`, `/api/v1/explorer/X` and `/v1/explorer/X`. */
export const explorerAt = <const Rest extends string>(rest: Rest) => ({
  path: `/api/explorer${rest}` as const,
  aliases: [`/api/v1/explorer${rest}`, `/v1/explorer${rest}`] as const,
})

/** Lists of the chain by cursor: `/api/v1/chain/X` and `/api/chain/X`. */
export const chainAt = <const Rest extends string>(rest: Rest) => ({
  path: `/api/v1/chain${rest}` as const,
  aliases: [`/api/chain${rest}`] as const,
})

/** Users, in the spellings of the coordinator, each also with the word repeated, as the original had it. */
export const usersAt = <const Rest extends string>(rest: Rest) => ({
  path: `/api/v1/users${rest}` as const,
  aliases: [
    `/api/users${rest}`,
    `/v1/users${rest}`,
    `/api/v1/users/users${rest}`,
    `/api/users/users${rest}`,
    `/v1/users/users${rest}`,
  ] as const,
})

/** A hash in a path: with or without `0x`. */
export const hashParam = z
  .string()
  .regex(/^(?:0x)?[0-9a-fA-F]{64}$/)
  .describe('64 hex digits, with or without 0x')

/** An address in a path. */
export const addressParam = z
  .string()
  .min(1)
  .describe('An address of this network; one of the original holds nothing')

/** `{id}` of a job. */
export const jobParams = z.object({
  id: z
    .string()
    .regex(/^[0-9a-fA-F]{32}$/)
    .describe('The job_id'),
})
