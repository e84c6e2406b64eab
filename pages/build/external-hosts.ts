/** Hosts outside this site that a page may link to, each with the reason. Tests do not go out to them. */
export const externalHosts: Readonly<Record<string, string>> = {
  'developers.cloudflare.com': 'documentation of the platform that a site is deployed to',
  'dash.cloudflare.com': 'where an operator opens an account',
  'ollama.com': 'an engine that a miner can use, and its library of models',
}
