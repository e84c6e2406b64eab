/**
 * The chat format that the model was trained on: one question, one answer, no history.
 */
import { err, ok, type Result } from '../../../../core/base/result.ts'
import { type ModelError, modelError } from './metadata.ts'
import type { Tokenizer } from './tokenizer.ts'

export type Turn = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

export type ChatError =
  | { readonly code: 'NO_QUESTION'; readonly message: string }
  | { readonly code: 'CONTEXT_EXCEEDED'; readonly message: string }

export type ChatFormat = {
  /** Tokens of the last user message; refused when no room is left for an answer. */
  prompt(turns: readonly Turn[], contextTokens: number): Result<readonly number[], ChatError>
  /** Whether the answer is over: any control token means that the model has left it. */
  endsAnswer(token: number): boolean
}

/** Finds the control tokens that the format needs. */
export function readChatFormat(tokenizer: Tokenizer): Result<ChatFormat, ModelError> {
  const user = tokenizer.control('<|user|>')
  const assistant = tokenizer.control('<|assistant|>')
  const end = tokenizer.control('<|end|>')
  if (user === undefined || assistant === undefined || end === undefined) {
    return modelError('a control token of the chat format is missing')
  }
  return ok({
    prompt(turns, contextTokens) {
      const question = turns.findLast((turn) => turn.role === 'user')?.content.trim() ?? ''
      if (question === '') {
        return err({ code: 'NO_QUESTION', message: 'there is no user message to answer' })
      }
      // So long a text cannot fit whatever its tokens are: refused before work is put into it.
      const hopeless = question.length > contextTokens * tokenizer.tokenBytesMax
      const body = hopeless ? [] : tokenizer.encode(question)
      const tokens = [user, ...body, assistant]
      if (hopeless || tokens.length >= contextTokens) {
        const message = `the prompt does not fit into the model's context of ${contextTokens} tokens`
        return err({ code: 'CONTEXT_EXCEEDED', message })
      }
      return ok(tokens)
    },
    endsAnswer: (token) => tokenizer.isControl(token),
  })
}
