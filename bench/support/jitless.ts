/** First of all imports, as in the pages: their policy forbids to make code of text. */
import { config } from 'zod'

config({ jitless: true })
