/** The OpenAPI document of this build, of which the reference is made. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openApiDocument } from '../../core/api/openapi.ts'
import type { Components } from './api-fields.ts'

/** Version of the project. */
export function packageVersion(): string {
  const path = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'package.json')
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

let known: Components | undefined

/** Named schemas of the document; made once. */
export function apiComponents(): Components {
  known ??= openApiDocument(packageVersion()).components.schemas
  return known
}
