/**
 * Typed services of the original: what each request means as an ordinary job. A service is served by
 * miners that name its model among theirs; where none is here, the job is refused as any other is.
 */
import * as z from 'zod'

const url = z
  .string()
  .max(2_048)
  .regex(/^https?:\/\/[^\s]+$/, 'must be an http or https address')
const name = z.string().min(1).max(128)
const unit = z.number().min(0).max(1)

/** One kind of work. */
export type Service = {
  /** As the original names it, and in the path. */
  readonly type: string
  readonly name: string
  readonly description: string
  /** Paths under `/services`. */
  readonly actions: readonly { readonly path: string; readonly action: string }[]
  readonly request: z.ZodType<Record<string, unknown>>
  readonly ttlSeconds: (request: Record<string, unknown>) => number
  /** The model that a miner must serve; empty where any language model will do. */
  readonly model: (request: Record<string, unknown>) => string
}

const whisper = z.looseObject({
  audio_url: url,
  model: name.default('base'),
  language: z.string().max(16).default('auto'),
  temperature: unit.default(0),
  best_of: z.int().min(1).max(10).default(5),
  beam_size: z.int().min(1).max(10).default(5),
})
const diffusion = z.looseObject({
  prompt: z.string().min(1).max(1_000),
  model: name.default('stable-diffusion-1.5'),
  negative_prompt: z.string().max(1_000).nullish(),
  size: z
    .string()
    .regex(/^[1-9][0-9]{1,3}x[1-9][0-9]{1,3}$/)
    .default('512x512'),
  num_images: z.int().min(1).max(4).default(1),
  num_inference_steps: z.int().min(1).max(100).default(20),
  guidance_scale: z.number().min(1).max(20).default(7.5),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32)
    .nullish(),
  init_image: url.nullish().describe('For img2img'),
})
const language = z.looseObject({
  prompt: z.string().min(1).max(10_000),
  model: name.nullish().describe('The cheapest that is served, where none is named'),
  max_tokens: z.int().min(1).max(4_096).default(256),
  temperature: z.number().min(0).max(2).default(0.7),
  top_p: z.number().gt(0).max(1).default(0.9),
  top_k: z.int().min(0).max(1_000).default(40),
  repetition_penalty: z.number().min(0).max(2).default(1.1),
  stop_sequences: z.array(z.string().max(64)).max(4).nullish(),
  stream: z.boolean().default(false),
})
const transcoding = z.looseObject({
  input_url: url,
  output_format: z.string().max(16).default('mp4'),
  codec: z.string().max(16).default('h264'),
  preset: z.string().max(16).default('medium'),
  crf: z.int().min(0).max(51).default(23),
})
const rendering = z.looseObject({
  blend_file_url: url,
  engine: z.string().max(32).default('cycles'),
  format: z.string().max(16).default('png'),
  resolution_x: z.int().min(1).max(8_192).default(1_920),
  resolution_y: z.int().min(1).max(8_192).default(1_080),
  samples: z.int().min(1).max(10_000).default(128),
  frame_start: z.int().min(0).max(1_000_000).default(1),
  frame_end: z.int().min(0).max(1_000_000).default(1),
  frame_step: z.int().min(1).max(1_000).default(1),
})

const fixed = (seconds: number) => () => seconds
const modelOf = (request: Record<string, unknown>): string => String(request['model'] ?? '')

/** All of them, in the order of the original. */
export const services: readonly Service[] = [
  {
    type: 'whisper',
    name: 'Speech to text',
    description: 'Transcribes or translates speech; a miner serves whisper-MODEL.',
    actions: [
      { path: 'whisper/transcribe', action: 'transcribe' },
      { path: 'whisper/translate', action: 'translate' },
    ],
    request: whisper,
    ttlSeconds: fixed(900),
    model: (request) => `whisper-${modelOf(request)}`,
  },
  {
    type: 'stable_diffusion',
    name: 'Images',
    description: 'Makes images from a description, or from one and an image.',
    actions: [
      { path: 'stable-diffusion/generate', action: 'generate' },
      { path: 'stable-diffusion/img2img', action: 'img2img' },
    ],
    request: diffusion,
    ttlSeconds: fixed(600),
    model: modelOf,
  },
  {
    type: 'llm_inference',
    name: 'Language models',
    description: 'Answers a prompt.',
    actions: [
      { path: 'llm/inference', action: 'inference' },
      { path: 'llm/stream', action: 'stream' },
    ],
    request: language,
    ttlSeconds: fixed(300),
    model: modelOf,
  },
  {
    type: 'ffmpeg',
    name: 'Video transcoding',
    description: 'Turns a video into another format; a miner serves ffmpeg.',
    actions: [{ path: 'ffmpeg/transcode', action: 'transcode' }],
    request: transcoding,
    ttlSeconds: fixed(1_800),
    model: fixedText('ffmpeg'),
  },
  {
    type: 'blender',
    name: 'Rendering',
    description: 'Renders frames of a scene; a miner serves blender.',
    actions: [{ path: 'blender/render', action: 'render' }],
    request: rendering,
    ttlSeconds: ({ frame_start: from, frame_end: to, frame_step: step }) => {
      const frames = (Number(to) - Number(from)) / Number(step) + 1
      return frames * 30 > 600 ? frames * 30 : 600
    },
    model: fixedText('blender'),
  },
]

/** The service of a type, or of a path such as `whisper/transcribe`, and what is to be done. */
export function serviceAt(
  name: string,
): { readonly service: Service; readonly action: string } | undefined {
  for (const service of services) {
    if (service.type === name) return { service, action: service.actions[0]?.action ?? '' }
    const found = service.actions.find(({ path }) => path === name)
    if (found) return { service, action: found.action }
  }
  return undefined
}

/** The payload of a job that does it, in the words of the original's miners. */
export function payloadOfService(
  service: Service,
  action: string,
  request: Record<string, unknown>,
): Record<string, unknown> {
  const model = service.model(request)
  if (service.type !== 'llm_inference') {
    return {
      type: service.type,
      ...(model === '' ? {} : { model }),
      service_type: service.type,
      action,
      service_request: request,
    }
  }
  const { prompt, max_tokens, temperature, top_p, stop_sequences } = request
  return {
    type: 'inference',
    ...(model === '' ? {} : { model }),
    prompt,
    parameters: {
      max_tokens,
      temperature,
      top_p,
      ...(Array.isArray(stop_sequences) && stop_sequences.length > 0 && { stop: stop_sequences }),
    },
  }
}

function fixedText(text: string): () => string {
  return () => text
}
