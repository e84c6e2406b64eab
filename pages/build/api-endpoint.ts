/** One endpoint of the reference: where it is, who may call it, what it takes, answers and refuses. */
import { type Answer, curlOf, type Endpoint, type EndpointAuth } from '../../core/api/endpoint.ts'
import { answerExamples } from '../../core/api/endpoints/examples.ts'
import { jsonSchemaOf, parametersOf } from '../../core/api/openapi.ts'
import { alternativesOf, type Components, fieldTable, sentence } from './api-fields.ts'
import { heading } from './api-heading.ts'
import { refusalsOf } from './api-refusals.ts'
import { escapeHtml } from './html.ts'

const exampleOrigin = 'http://127.0.0.1:18000'

/** HTML of an endpoint, beginning with its h2. `components`: named schemas of the document. */
export function renderEndpoint(row: Endpoint, components: Components): string {
  const name = `${row.method} ${row.path}`
  const title = `<span class="method">${row.method}</span> <code>${breakable(row.path)}</code>`
  const rest = [
    row.description === undefined ? '' : `<p>${sentence(row.description)}</p>`,
    row.legacy === undefined
      ? ''
      : `<div class="callout callout-absent" role="note"><p><strong>Legacy.</strong> ${sentence(row.legacy)}</p></div>`,
    facts(row),
    parameters(row, components),
    body(row, components),
    command(row, name),
    ...row.answers.map((answer) => renderAnswer(row, answer, components)),
    stream(row, components),
    refusalsOf(row),
  ]
  return `${heading(2, row.id, name, title)}
<p class="endpoint-summary">${escapeHtml(row.summary)}.</p>
<div class="endpoint-body">${rest.filter(Boolean).join('\n')}</div>`
}

const callers: Readonly<Record<EndpointAuth, string>> = {
  none: 'everybody',
  client: 'clients, by API key or signed request, and whoever signed in',
  'client-key': 'clients, by API key, and whoever signed in',
  miner: 'miners, by a miner’s key',
  session: 'whoever signed in',
  owner: 'whoever signed in, and clients, by API key or signed request',
  account: 'whoever signed in, and signed requests',
  admin: 'administrators who signed in, or by an admin key',
}

function facts({ auth, aliases = [] }: Endpoint): string {
  const spellings = aliases.map((path) => `<code>${breakable(path)}</code>`).join(', ')
  const also = spellings === '' ? '' : `<div><dt>Also at</dt><dd>${spellings}</dd></div>`
  return `<dl class="endpoint-facts"><div><dt>For</dt><dd>${callers[auth]}</dd></div>${also}</dl>`
}

function parameters(row: Endpoint, components: Components): string {
  const groups = [
    ['Path', row.params, 'path'],
    ['Query', row.query, 'query'],
    ['Headers', row.headers, 'header'],
  ] as const
  return groups
    .map(([title, schema, where]) => {
      const fields = parametersOf(schema, where)
      if (fields.length === 0) return ''
      const properties = Object.fromEntries(
        fields.map((field) => [
          field['name'],
          { ...(field['schema'] as object), description: field['description'] },
        ]),
      )
      const required = fields.filter((field) => field['required']).map((field) => field['name'])
      const label = `${title} of ${row.method} ${row.path}`
      return `<h3>${title}</h3>${fieldTable({ properties, required }, components, label)}`
    })
    .join('\n')
}

function body(row: Endpoint, components: Components): string {
  if (!row.body) return ''
  const schema = jsonSchemaOf(row.body.schema, 'input')
  const note = row.body.required ? '' : ' <span class="optional">optional</span>'
  return `<h3>Body${note}</h3>${shapes(schema, components, `Body of ${row.method} ${row.path}`)}`
}

/** Tables of a schema: one for each of its forms. */
function shapes(schema: Components[string], components: Components, label: string): string {
  return alternativesOf(schema, components)
    .map(({ title, schema: form }) => {
      const table = fieldTable(form, components, title === '' ? label : `${label}: ${title}`)
      return title === '' || table === ''
        ? table
        : `<p class="form">${escapeHtml(title)}</p>${table}`
    })
    .join('\n')
}

function command(row: Endpoint, name: string): string {
  if (row.stream?.kind === 'websocket') return ''
  return listing(curlOf(row, row.example, exampleOrigin), 'sh', `command for ${name}`, true)
}

function renderAnswer(row: Endpoint, answer: Answer, components: Components): string {
  const type = answer.mediaType ? ` <span class="optional">${answer.mediaType}</span>` : ''
  const summary = `<span class="status-code">${answer.status}</span> ${escapeHtml(answer.description)}${type}`
  if (!answer.schema) return `<p class="answer-line">${summary}</p>`
  const schema = jsonSchemaOf(answer.schema, 'output')
  const label = `Answer ${answer.status} of ${row.method} ${row.path}`
  const example = answer.status < 300 ? answerExamples[row.id] : undefined
  const shown =
    example === undefined
      ? ''
      : `<p class="form">Example</p>${listing(JSON.stringify(example, null, 2), 'json', 'example', false)}`
  return `<details class="answer"><summary>${summary}</summary>${shapes(schema, components, label)}${shown}</details>`
}

function stream({ stream: given, method, path }: Endpoint, components: Components): string {
  if (!given) return ''
  const what = given.kind === 'sse' ? 'events' : 'frames'
  const side = (
    title: string,
    messages: NonNullable<typeof given.sent>,
    io: 'input' | 'output',
  ) => {
    const inner = messages
      .map((message) => {
        const label = `${message.name} of ${method} ${path}`
        const table = fieldTable(jsonSchemaOf(message.schema, io), components, label)
        return `<p class="form"><code>${message.name}</code> ${sentence(message.description)}</p>${table}`
      })
      .join('\n')
    return `<details class="answer"><summary>${title}</summary>${inner}</details>`
  }
  const sent = given.sent
    ? side(`Frames to the site (${given.sent.length})`, given.sent, 'input')
    : ''
  const count = given.received.length
  return `<p>${sentence(given.description)}</p>${side(`${what[0]?.toUpperCase()}${what.slice(1)} from the site (${count})`, given.received, 'output')}${sent}`
}

function listing(text: string, language: string, what: string, isSite: boolean): string {
  const site = isSite ? ' data-site' : ''
  return `<div class="listing" data-language="${language}"${site} data-what="${escapeHtml(what)}"><pre><code>${escapeHtml(text)}</code></pre></div>`
}

/** A path that may break before each slash. */
const breakable = (path: string): string => escapeHtml(path).replace(/(?<=.)\//g, '<wbr>/')
