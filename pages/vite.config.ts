/** How `pages/dist` is built: one HTML entry a page, hashed assets, nothing inlined but the theme script. */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import preact from '@preact/preset-vite'
import { defineConfig } from 'vite'
import { openApiPlugin } from './build/openapi-plugin.ts'
import { pageInputs, pagesPlugin } from './build/pages-plugin.ts'

const root = dirname(fileURLToPath(import.meta.url))

export default defineConfig({
  root,
  base: '/',
  publicDir: 'public',
  plugins: [
    pagesPlugin(root),
    openApiPlugin(root),
    preact({ devToolsEnabled: false, prefreshEnabled: false }),
  ],
  // A name of its own, so that it can be told from what pages load.
  worker: {
    format: 'es',
    rolldownOptions: { output: { entryFileNames: 'assets/[name]-worker-[hash].js' } },
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // `light-dark()` must stay as it is: the themes are built on it.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: pageInputs(root),
      output: {
        entryFileNames: 'assets/[name]-[hash].js',
        chunkFileNames: 'assets/[name]-[hash].js',
        assetFileNames: 'assets/[name]-[hash][extname]',
      },
    },
  },
})
