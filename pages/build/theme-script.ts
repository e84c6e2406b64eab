/**
 * The one inline script of the site. It runs before the first paint, so that a stored theme never
 * flashes the other one; every page carries the same text, and the CSP names its SHA-256.
 */
import { themeStorageKey } from '../shared/frame/theme-key.ts'

/** Text between the script tags, byte for byte. `system` needs no attribute: CSS follows the device. */
export const themeScript = [
  '(()=>{const e=document.documentElement;e.classList.add("js");',
  `try{const t=localStorage.getItem("${themeStorageKey}");`,
  'if(t==="light"||t==="dark")e.dataset.theme=t}catch{}})()',
].join('')
