/** Hosts outside this site that a page may link to, each with the reason. Tests do not go out to them. */
export const externalHosts: Readonly<Record<string, string>> = {
  'developers.cloudflare.com': 'documentation of the platform that a site is deployed to',
  'dash.cloudflare.com': 'where an operator opens an account',
  'www.cloudflare.com': 'prices of the plans that a site runs on',
  'docs.ollama.com': 'documentation of an engine that a miner can use',
  'ollama.com': 'an engine that a miner can use, and its library of models',
  'nodejs.org': 'what everything here runs on',
  'platform.openai.com': 'documentation of the API whose form /v1 has',
  'datatracker.ietf.org': 'standards that the protocol uses',
  'www.rfc-editor.org': 'standards that the protocol uses',
  'prometheus.io': 'what reads the figures of an agent',
}
