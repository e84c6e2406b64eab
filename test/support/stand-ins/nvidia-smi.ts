/** Stands in for `nvidia-smi` on a machine with one GPU: the banner, the list, and queries as CSV. */

const fields: Readonly<Record<string, string>> = {
  index: '0',
  uuid: 'GPU-1f2e3d4c-0000-1111-2222-333344445555',
  name: 'NVIDIA GeForce RTX 4090',
  'memory.total': '24564',
  'memory.used': '1021',
  'utilization.gpu': '17',
}

const args = process.argv.slice(2)
const query = args.find((text) => text.startsWith('--query-gpu='))?.slice('--query-gpu='.length)
const others = args.filter((text) => !/^--(?:query-gpu|format)=/.test(text))

if (query !== undefined && others.length === 0) {
  const values = query.split(',').map((name) => fields[name])
  if (values.includes(undefined)) fail(`Field "${query}" is not a valid field to query.`)
  console.log(values.join(', '))
} else if (args.length === 1 && (args[0] === '-L' || args[0] === '--list-gpus')) {
  console.log(`GPU 0: ${fields['name']} (UUID: ${fields['uuid']})`)
} else if (args.length === 0) {
  console.log('| NVIDIA-SMI 550.54.14    Driver Version: 550.54.14    CUDA Version: 12.4     |')
} else {
  fail(`Invalid combination of input arguments: ${args.join(' ')}`)
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
