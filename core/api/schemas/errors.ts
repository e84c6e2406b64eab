/** Failures as schemas: the site's one shape, OpenAI's and Ollama's. */
import * as z from 'zod'
import { type ErrorBody, type ErrorCode, errorCodes } from '../errors.ts'
import { time } from './common.ts'

/** The one shape of a failure. */
export const errorSchema = z
  .strictObject({
    error: z.strictObject({
      code: z.enum(errorCodes as [ErrorCode, ...ErrorCode[]]).describe('What went wrong, by name'),
      message: z.string().min(1).describe('The same for people'),
      status: z.int().min(400).max(599).describe('The HTTP status again'),
      details: z.unknown().describe('What to act on, such as the fields at fault; null without'),
      request_id: z.string().min(1).describe('Name it when you ask for help'),
    }),
    detail: z.string().describe('The message again, for programs of the original'),
    timestamp: time,
  })
  .meta({ id: 'Error', description: 'A failure' }) satisfies z.ZodType<ErrorBody>

/** A failure of the routes that speak OpenAI's format. */
export const openAiErrorSchema = z
  .strictObject({
    error: z.strictObject({
      message: z.string().min(1),
      type: z.enum([
        'invalid_request_error',
        'authentication_error',
        'insufficient_quota',
        'permission_error',
        'rate_limit_error',
        'server_error',
      ]),
      param: z.string().nullable().describe('The field at fault'),
      code: z.string().describe('OpenAI’s code where it has one, else ours in lower case'),
      reason: z
        .string()
        .optional()
        .describe(
          'Our own code in lower case: of several that OpenAI calls by one name, which it is',
        ),
      details: z.unknown().optional(),
    }),
  })
  .meta({ id: 'OpenAiError', description: 'A failure in OpenAI’s shape' })

/** A failure of the routes that speak Ollama's format: its `error` is one text. */
export const ollamaErrorSchema = z
  .strictObject({
    error: z.string().min(1),
    code: z.string().describe('Our code in lower case'),
    param: z.string().nullable().optional().describe('The field at fault'),
    details: z.unknown().optional(),
  })
  .meta({ id: 'OllamaError', description: 'A failure in Ollama’s shape' })

/** One fault of a request, in `details` of a `VALIDATION_ERROR`. */
export const fieldFaultSchema = z
  .strictObject({
    field: z.string().describe('Where: body.payload, query.limit, path.hash'),
    message: z.string(),
    code: z.string(),
  })
  .meta({ id: 'FieldFault', description: 'One fault of a request' })
