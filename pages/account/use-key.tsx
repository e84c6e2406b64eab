/** How a program asks with a key: a line that can be run as it stands. */
import { slowEdge } from '../shared/live/chain.ts'
import { useResource } from '../shared/live/resource.ts'
import { list, object, text } from '../shared/live/shape.ts'
import { Disclosure } from '../shared/ui/bits.tsx'
import { CopyListing } from '../shared/ui/copy.tsx'

const models = object({ data: list(object({ id: text })) })

export function UseKey() {
  const found = useResource('/v1/models', models, slowEdge.value)
  const model = found.phase === 'ready' ? found.value.data[0]?.id : undefined
  const base = `${location.origin}/v1`
  const command = curlOf(base, model ?? 'MODEL')
  return (
    <div class="use-key">
      <Disclosure summary="How a program uses a key">
        <p class="small">
          Any OpenAI client works, with <code class="break">{base}</code> as its base URL and the
          secret as its key. With curl, the secret in the variable <code>AITBC_KEY</code>:
        </p>
        <CopyListing text={command} what="the command" />
        <p class="small">
          {model === undefined ? 'No model is served now: put one in place of MODEL later. ' : ''}
          <a href="/docs/openai-client.html">Examples in other languages</a>
        </p>
      </Disclosure>
    </div>
  )
}

/** Names of models come from miners: none ends the quotes that it stands in. */
function curlOf(base: string, model: string): string {
  const messages = [{ role: 'user', content: 'What is the capital of France?' }]
  const body = JSON.stringify({ model, messages }).replaceAll("'", '\\u0027')
  return [
    `curl ${base}/chat/completions \\`,
    '  -H "Authorization: Bearer $AITBC_KEY" \\',
    "  -H 'Content-Type: application/json' \\",
    `  -d '${body}'`,
  ].join('\n')
}
