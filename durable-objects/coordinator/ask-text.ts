/** What was asked beside the specification, as the text in which the store keeps it. */
import type { Routing } from '../../core/api/dispatch.ts'
import type { Ask } from './job-store.ts'

/** Column `jobs.ask`: what was asked beside the specification. */
export function askText(ask: AskBeside): string {
  const { payload, constraints, receiptId, limit, priority, routing, near, webhook } = ask
  const { maxPrice, ...plain } = routing ?? {}
  return JSON.stringify({
    payload,
    constraints,
    receiptId,
    limit: limit.toString(),
    ...(priority !== 'normal' && { priority }),
    ...(routing && {
      routing: {
        ...plain,
        ...(maxPrice && {
          maxPrice: {
            prompt: maxPrice.prompt?.toString(),
            completion: maxPrice.completion?.toString(),
          },
        }),
      },
    }),
    ...(near && { near }),
    ...(webhook && { webhook }),
  })
}

type AskBeside = Pick<
  Ask,
  'payload' | 'constraints' | 'receiptId' | 'limit' | 'priority' | 'routing' | 'near' | 'webhook'
>

/** The same column, read. What an older version wrote says nothing of placement. */
export function askBesideOf(text: string): AskBeside {
  const asked = JSON.parse(text) as Omit<Partial<AskBeside>, 'limit' | 'routing'> &
    Pick<AskBeside, 'payload' | 'constraints' | 'receiptId'> & {
      limit: string
      routing?: Omit<Routing, 'maxPrice'> & { maxPrice?: { prompt?: string; completion?: string } }
    }
  const { limit, routing, priority = 'normal', near, webhook, ...same } = asked
  const { maxPrice, ...plain } = routing ?? {}
  const prices = maxPrice && {
    maxPrice: {
      ...(maxPrice.prompt !== undefined && { prompt: BigInt(maxPrice.prompt) }),
      ...(maxPrice.completion !== undefined && { completion: BigInt(maxPrice.completion) }),
    },
  }
  return {
    ...same,
    limit: BigInt(limit),
    priority,
    routing: routing && { ...plain, ...prices },
    near,
    webhook,
  }
}
