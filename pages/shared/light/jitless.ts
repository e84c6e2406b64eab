/** First of all imports: the policy of these pages forbids to make code of text, so nothing may try. */
import { config } from 'zod/mini'

config({ jitless: true })
