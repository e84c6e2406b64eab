/** What the market's one query language says of a text, for the box: its fault, how to sort, how to ask. */
import { parseQuery, type QueryError } from '../../core/market/query.ts'
import { type OfferSort, offerSorts } from '../../core/market/row.ts'

/** What is wrong with a query as it is typed; undefined when it can be asked. */
export function queryFault(text: string): QueryError | undefined {
  const read = parseQuery(text)
  return read.ok ? undefined : read.error
}

const sortWords: Record<OfferSort, string> = {
  price_performance: 'Speed for the money',
  price: 'Lowest price',
  price_hour: 'Lowest price of an hour',
  gpu_second: 'Lowest price of a GPU second',
  speed: 'Fastest',
  uptime: 'Most seen',
  reputation: 'Best reputation',
  rating: 'Best reviews',
  vram: 'Most VRAM',
  newest: 'Newest',
}

export const sortChoices = [
  { value: '', label: sortWords.price_performance },
  ...offerSorts
    .filter((sort) => sort !== 'price_performance')
    .map((sort) => ({ value: sort as string, label: sortWords[sort] })),
]

/** Queries that can be tried, and what they ask for. */
export const queryHelp: readonly (readonly [example: string, meaning: string])[] = [
  ['online=true sort=price', 'who is here, cheapest first'],
  ['model=llama3,mistral', 'either model; a name without its tag is enough'],
  ['vram>=24 gpu~4090', 'GB of the largest GPU, and a part of its name'],
  ['arch=ada,hopper', 'architecture, as far as the name of the GPU tells it'],
  ['price<=0.02', 'AITBC for 1,000 tokens of an answer at most'],
  ['gpu_second<=0.0002 sort=gpu_second', 'AITBC for a second of one GPU, cheapest first'],
  ['region=eu', 'a region and those within it'],
  ['verified=true uptime>=99', 'signed card and receipts, and percent of seven days seen'],
  ['speed>=40 sort=speed', 'tokens a second as the site measured them'],
  ['quick brown', 'words without a sign are looked for in all texts'],
]
