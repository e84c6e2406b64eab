/** Filters that all lists of the explorer share. */
import type { Filter } from '../shared/list/definition.ts'

/** Ranges of heights and of times, both ends included. */
export const rangeFilters: readonly Filter[] = [
  { kind: 'whole', id: 'height_min', label: 'From block' },
  { kind: 'whole', id: 'height_max', label: 'To block' },
  { kind: 'moment', id: 'time_from', label: 'From time (UTC)' },
  { kind: 'moment', id: 'time_to', label: 'To time (UTC)' },
]

/** A filter by address. */
export const addressFilter = (id: string, label: string): Filter => ({
  kind: 'text',
  id,
  label,
  example: 'aitbc1…',
})
