/** The query language of the market. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { marketLimits } from '../../../core/market/limits.ts'
import { matchesQuery, parseQuery, queryFields } from '../../../core/market/query.ts'
import {
  compareRowPlaces,
  type OfferSort,
  offerRows,
  offerSorts,
  sortKeyOf,
} from '../../../core/market/row.ts'
import { offerOf } from '../../support/market-offers.ts'

const read = (text: string) => {
  const query = parseQuery(text)
  if (!query.ok) throw new Error(query.error.message)
  return query.value
}
const faultOf = (text: string) => {
  const query = parseQuery(text)
  if (query.ok) throw new Error(`${text} can be read`)
  return query.error
}
/** Whether an offer answers a query, by its row of the query's focus. */
const finds = (text: string, offer = offerOf(1)) => {
  const query = read(text)
  return offerRows(offer).some((row) => matchesQuery(query, row))
}

const llama = {
  name: 'Llama3:8b',
  context_tokens: 8_192,
  price_prompt: '1000000',
  price_completion: '2000000',
  tokens_per_second: 40,
  samples: 3,
}
const offer = offerOf(7, {
  models: [llama, { ...llama, name: 'tiny', price_completion: '5', tokens_per_second: null }],
  gpus: [{ name: 'NVIDIA RTX 4090', memory_mib: 24_564, cuda: '12.4' }],
  vram_gb: 24,
  price_per_gpu_second: '20000',
  region: 'eu-west',
  status: 'online',
  verified: true,
})

describe('what queries mean', () => {
  test.each([
    ['model=llama3 vram>=24 price<=0.02 region=eu sort=price_performance', true],
    ['MODEL=LLAMA3:8B gpu~4090 online=true verified=true', true],
    ['model=llama3 , mistral', true],
    ['model=llama3,mistral', true],
    ['model=mistral', false],
    ['model!=mistral', true],
    ['model!=llama3', false],
    ['gpu="nvidia rtx 4090"', true],
    ['gpu="rtx 4090"', false],
    ['rtx llama', true],
    ['"rtx 4090"', true],
    ['nothing-of-this', false],
    ['vram > 23.5 vram<24.5', true],
    ['vram>24', false],
    ['speed>=40', true],
    ['online=false', false],
    ['gpu_second<=0.0002 gpu_count=1', true],
    ['gpu_second<0.0002', false],
    ['gpu_count>=2', false],
    ['arch=ada', true],
    ['arch=ampere,ADA', true],
    ['arch!=ada', false],
    ['arch=ampere', false],
    ['arch=ad', false],
    ['performance>=2000', true],
    ['', true],
    ['   ', true],
  ])('QUERY-1: %j', (text, isFound) => {
    if (text.includes(' , ')) expect(faultOf(text).position).toBe(text.indexOf(','))
    else expect(finds(text, offer)).toBe(isFound)
  })

  test('QUERY-1: a price is of the model that is named, else of the cheapest', () => {
    expect(finds('model=llama3 price<=0.02', offer)).toBe(true)
    expect(finds('model=llama3 price<0.02', offer)).toBe(false)
    expect(finds('price<=0.0000001', offer)).toBe(true)
    expect(finds('model=llama3 price<=0.0000001', offer)).toBe(false)
  })

  test('QUERY-3: what is not known meets no comparison', () => {
    const unknown = { ...offer, uptime_7d: null }
    for (const sign of ['<', '<=', '>', '>=', '=', '!=']) {
      expect(finds(`uptime${sign}50`, unknown)).toBe(false)
    }
    expect(finds('model=tiny speed>=0', offer)).toBe(false)
  })

  test('QUERY-4: a region is met by itself and by those below it', () => {
    const inRegion = (region: string | null, text: string) => finds(text, { ...offer, region })
    expect(inRegion('eu', 'region=eu')).toBe(true)
    expect(inRegion('eu-west', 'region=eu')).toBe(true)
    expect(inRegion('europe', 'region=eu')).toBe(false)
    expect(inRegion('eu', 'region=eu-west')).toBe(false)
    expect(inRegion('eu-west', 'region!=eu')).toBe(false)
    expect(inRegion(null, 'region!=eu')).toBe(true)
  })
})

test('QUERY-1: every field that is named can be asked for', () => {
  for (const field of Object.keys(queryFields)) {
    const values = ['1', 'x', 'true', 'price']
    expect(
      values.some((value) => parseQuery(`${field}=${value}`).ok),
      field,
    ).toBe(true)
  }
})

describe('what cannot be read', () => {
  test.each([
    ['colour=red', 0, 6, 'model'],
    ['model=', 6, 1, 'a value'],
    ['vram>=lots', 6, 4, 'a number such as 24'],
    ['model=a vram~24', 8, 5, '<='],
    ['price<=1e9', 7, 3, 'an amount in AITBC such as 0.02'],
    ['price<=-1', 7, 2, 'an amount in AITBC such as 0.02'],
    ['sort=beauty', 5, 6, 'price_performance'],
    ['sort=price sort=speed', 11, 5, 'one sort only'],
    ['sort>price', 0, 5, 'sort='],
    ['online=maybe', 7, 5, 'true'],
    ['gpu="open', 9, 0, '"'],
    ['=x', -1, 0, ''],
    ['vram>=1,2', 7, 2, 'one value'],
    ['__proto__=1', 0, 9, 'model'],
    ['constructor=1', 0, 11, 'model'],
  ])('QUERY-2: %j', (text, position, length, expected) => {
    // A sign without a field is a word like any other.
    if (position < 0) return expect(read(text).words).toEqual([text])
    const fault = faultOf(text)
    expect([fault.position, fault.length]).toEqual([position, length])
    expect(fault.expected).toContain(expected)
    expect(fault.message).toContain(`character ${position + 1}`)
  })

  test('QUERY-2: too much is refused', () => {
    expect(faultOf('x'.repeat(marketLimits.queryCharsMax + 1)).position).toBe(512)
    expect(faultOf('a '.repeat(marketLimits.queryTermsMax + 1)).position).toBe(48)
    expect(faultOf(`model=${'a,'.repeat(9)}a`).code).toBe('QUERY_INVALID')
  })

  test('QUERY-2: no text makes it throw, and what it reads has bounds', () => {
    const field = fc.constantFrom(...Object.keys(queryFields))
    const term = fc
      .tuple(field, fc.constantFrom('=', '~', '<=', '>'), fc.string({ unit: 'binary' }))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(fc.oneof(term, fc.string({ unit: 'binary' }))), (parts) => {
        const text = parts.join(' ')
        const query = parseQuery(text)
        if (!query.ok) {
          expect(query.error.position).toBeLessThanOrEqual(text.length)
          return
        }
        expect(query.value.terms.length + query.value.words.length).toBeLessThanOrEqual(
          marketLimits.queryTermsMax + marketLimits.queryValuesMax,
        )
        finds(text, offer)
      }),
    )
  })
})

describe('rows', () => {
  test('OFFER-1: a model goes by its name and the part before its tag', () => {
    expect(offerRows(offer).map((row) => row.name)).toEqual(['', 'llama3:8b', 'llama3', 'tiny'])
  })

  test('OFFER-2: figures are of the models that count, and null where nothing is known', () => {
    const [all, exact, , tiny] = offerRows(offer)
    expect(all).toMatchObject({ price: 5, speed: 40, performance: 40 / 0.02 })
    expect(exact).toMatchObject({ price: 2_000_000, pricePrompt: 1_000_000, performance: 2_000 })
    expect(tiny).toMatchObject({ price: 5, speed: null, performance: null })
    const [bare] = offerRows({ ...offer, models: [], price_per_hour: null })
    expect(bare).toMatchObject({ price: null, priceHour: null, speed: null, context: null })
  })

  test('ROW-1: orders are total, the best first and the unknown last', () => {
    const rows = Array.from({ length: 60 }, (_, index) => offerRows(offerOf(index))[0]).flatMap(
      (row) => row ?? [],
    )
    const best: Record<OfferSort, (row: (typeof rows)[number]) => number | null> = {
      price: (row) => row.price,
      price_hour: (row) => row.priceHour,
      gpu_second: (row) => row.gpuSecond,
      price_performance: (row) => row.performance && -row.performance,
      speed: (row) => row.speed && -row.speed,
      reputation: (row) => row.reputation && -row.reputation,
      rating: (row) => row.rating && -row.rating,
      uptime: (row) => row.uptime && -row.uptime,
      vram: (row) => -row.vram,
      newest: (row) => -Date.parse(row.updated),
    }
    for (const sort of offerSorts) {
      const sorted = [...rows].sort((a, b) =>
        compareRowPlaces(
          { key: sortKeyOf(a, sort), offerId: a.offerId },
          { key: sortKeyOf(b, sort), offerId: b.offerId },
        ),
      )
      const keys = sorted.map(best[sort])
      const known = keys.filter((key) => key !== null)
      expect(keys.slice(0, known.length), sort).toEqual(known)
      expect([...known].sort((a, b) => a - b)).toEqual(known)
      expect(new Set(sorted.map((row) => row.offerId)).size).toBe(rows.length)
    }
  })
})
