/** Icons of the static frame: 16-pixel line drawings in the colour of the text. */

const icon = (paths: string): string =>
  `<svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${paths}</svg>`

export const icons = {
  menu: icon('<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>'),
  search: icon('<circle cx="7" cy="7" r="4.25"/><path d="m10.25 10.25 3.25 3.25"/>'),
  light: icon(
    '<circle cx="8" cy="8" r="2.75"/><path d="M8 1.5v1.25M8 13.25v1.25M1.5 8h1.25M13.25 8h1.25M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9"/>',
  ),
  dark: icon('<path d="M13.25 9.6A5.5 5.5 0 0 1 6.4 2.75a5.5 5.5 0 1 0 6.85 6.85Z"/>'),
  system: icon(
    '<rect x="2" y="2.75" width="12" height="8.5" rx="1"/><path d="M5.75 13.5h4.5M8 11.25v2.25"/>',
  ),
  met: icon('<circle cx="8" cy="8" r="6"/><path d="m5.4 8.2 1.8 1.8 3.4-3.7"/>'),
  missed: icon('<path d="M8 2.25 14.25 13H1.75Z"/><path d="M8 6.5v3M8 11.25v.01"/>'),
} as const

/** Three slots, the last not yet final: the finality line in small. */
export const brandMark =
  '<svg class="brand-mark" viewBox="0 0 20 16" width="20" height="16" aria-hidden="true" focusable="false"><path fill="currentColor" d="M1 1h4v14H1zM8 6h4v9H8z"/><path fill="none" stroke="currentColor" stroke-width="1.5" d="M15.75 1.75h2.5v12.5h-2.5z"/></svg>'
