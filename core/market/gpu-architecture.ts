/**
 * Architecture of a GPU, by the name of the product: what a driver or a person calls the card, and its
 * maker's public product series. Nothing but the name is looked at, so that it is as true as the name.
 * Rules: SPEC.md, ARCH.
 */

/** The makers' words for them, of NVIDIA and then of AMD. */
export const gpuArchitectures = [
  'kepler',
  'maxwell',
  'pascal',
  'volta',
  'turing',
  'ampere',
  'ada',
  'hopper',
  'blackwell',
  'rdna',
  'rdna2',
  'rdna3',
  'rdna4',
  'cdna',
  'cdna2',
  'cdna3',
  'cdna4',
] as const
export type GpuArchitecture = (typeof gpuArchitectures)[number]

/** Architecture of the product of that name; null where the name tells none, or more than one. */
export function gpuArchitecture(name: string): GpuArchitecture | null {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
  const series = otherMakers.test(plain) ? amdSeries : [...nvidiaSeries, ...amdSeries]
  const found = new Set(series.filter(([, is]) => is.test(plain)).map(([word]) => word))
  const [only] = found
  return found.size === 1 && only ? only : null
}

type Series = readonly (readonly [GpuArchitecture, RegExp])[]

/** Not NVIDIA: an A10 is a processor of AMD's too, and an M4 one of Apple's. */
const otherMakers = /\b(?:amd|radeon|instinct|intel|arc|apple|adreno|mali)\b/

/** Names are lower case, with one blank for whatever is neither letter nor digit. */
const nvidiaSeries: Series = [
  ['kepler', /\bgtx ?6(?:45|50|60|70|80|90)(?!\d|m)/],
  ['kepler', /\bgtx ?7[678][05](?!\d)/],
  ['kepler', /\bgtx titan(?! x\b)/],
  ['kepler', /\bk(?:40|80)[cmst]?\b|\btesla k(?:10|20)[cmsx]{0,2}\b/],
  ['kepler', /\bquadro k(?:420|600|[2456]000|[45]200)\b/],
  ['maxwell', /\bgtx ?(?:745|750)(?!\d)|\bgtx ?9[5-8][05](?!\d)/],
  ['maxwell', /\bgtx titan x\b/],
  ['maxwell', /\b(?:tesla|nvidia) m(?:4|6|10|40|60)\b|\bm(?:40|60)\b/],
  ['maxwell', /\bquadro (?:k(?:620|1200|2200)|m\d{3,4}m?)\b/],
  ['pascal', /\bgtx ?10[5-8]0(?!\d)|\bgt ?1030(?!\d)/],
  // Of the two cards named TITAN X, NVIDIA calls the older one GTX.
  ['pascal', /(?<!gtx )\btitan xp?\b|\bpascal\b/],
  ['pascal', /\b(?:tesla|nvidia) p[46]\b|\bp(?:40|100)\b|\bquadro (?:p\d{3,4}|gp100)\b/],
  ['volta', /\bv100s?\b|\btitan v\b|\bquadro gv100\b/],
  ['turing', /\bgtx ?16[356]0(?!\d)|\brtx ?20[678]0(?!\d)|\btitan rtx\b/],
  // RTX 6000 alone is a card of three generations: `Quadro` says which, or `Ada` behind it.
  ['turing', /\bquadro rtx ?[34568]000(?! ada\b)|\bquadro t[12]000\b/],
  ['turing', /\bt4g?\b|\bnvidia t(?:[456]00|1000|1200)\b/],
  // The RTX 2050 came late, with a chip of the next generation.
  ['ampere', /\brtx ?2050(?!\d)|\brtx ?30[5-9]0(?!\d| a\b)|\brtx ?a\d{3,4}\b/],
  ['ampere', /\ba(?:10[gm]?|16|30x?|40|100x?|800)\b|\bnvidia a2\b/],
  ['ada', /\brtx ?40[5-9]0(?!\d)|\brtx ?\d{3,4} (?:sff )?ada\b/],
  ['ada', /\bl(?:4|20|40[gs]?)\b|\bnvidia l2\b/],
  ['hopper', /\bg?h(?:20|100|200|800)\b/],
  ['blackwell', /\brtx ?50[5-9]0(?!\d)|\brtx pro \d{4}\b|\bblackwell\b/],
  ['blackwell', /\bg?b(?:100|200|300)\b|\bgb10\b/],
]

const amdSeries: Series = [
  ['rdna', /\brx ?5[3-7]00(?!\d)|\bpro w5[57]00\b/],
  ['rdna2', /\brx ?6[3-9][05]0(?!\d)|\bpro w6[3-8]00\b/],
  ['rdna3', /\brx ?7[4-9][05]0(?!\d)|\bpro w7[5-9]00\b/],
  ['rdna4', /\brx ?90[67]0(?!\d)|\bai pro r9[67]00\b/],
  ['cdna', /\bmi100\b/],
  ['cdna2', /\bmi2(?:10|50x?)\b/],
  ['cdna3', /\bmi3(?:00[ax]?|08x|25x)\b/],
  ['cdna4', /\bmi35[05]x?\b/],
]
