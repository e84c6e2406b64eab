/** Architecture of a GPU, by the name of the product. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gpuArchitecture, gpuArchitectures } from '../../../core/market/gpu-architecture.ts'

test.each([
  ['kepler', ['GeForce GTX 680', 'GeForce GTX 780 Ti', 'Tesla K80', 'Tesla K40m', 'Tesla K20Xm']],
  ['kepler', ['GeForce GTX TITAN', 'GeForce GTX TITAN Black', 'Quadro K4000']],
  ['maxwell', ['GeForce GTX 750 Ti', 'NVIDIA GeForce GTX 970', 'GeForce GTX 960M', 'GTX980Ti']],
  ['maxwell', ['GeForce GTX TITAN X', 'Tesla M40', 'Tesla M60', 'Quadro K2200', 'Quadro M4000']],
  ['pascal', ['NVIDIA GeForce GTX 1080 Ti', 'GTX 1050', 'GeForce GT 1030', 'Quadro P4000']],
  ['pascal', ['Tesla P100-PCIE-16GB', 'Tesla P4', 'Tesla P40', 'TITAN X (Pascal)', 'TITAN Xp']],
  ['volta', ['Tesla V100-SXM2-16GB', 'Tesla V100S-PCIE-32GB', 'NVIDIA TITAN V', 'Quadro GV100']],
  ['turing', ['NVIDIA GeForce GTX 1650', 'GeForce GTX 1660 SUPER', 'GeForce RTX 2080 Ti']],
  ['turing', ['Quadro RTX 6000', 'Quadro RTX 8000', 'Tesla T4', 'TITAN RTX', 'NVIDIA T1000']],
  ['ampere', ['NVIDIA RTX A6000', 'NVIDIA RTX A4000 Laptop GPU', 'NVIDIA GeForce RTX 2050']],
  ['ampere', ['NVIDIA GeForce RTX 3060 Ti', 'GeForce RTX 3050 Ti Laptop GPU', 'rtx3090']],
  ['ampere', ['NVIDIA A100-SXM4-80GB', 'NVIDIA A100 80GB PCIe', 'NVIDIA A10', 'NVIDIA A10G']],
  ['ampere', ['NVIDIA A40', 'NVIDIA A2', 'NVIDIA A30', 'A800', 'NVIDIA A100-SXM4-40GB MIG 1g.5gb']],
  ['ada', ['NVIDIA GeForce RTX 4090', 'NVIDIA GeForce RTX 4090 D', 'RTX 4060 Ti', 'RTX4070']],
  ['ada', ['NVIDIA RTX 6000 Ada Generation', 'NVIDIA RTX 4000 SFF Ada Generation']],
  ['ada', ['NVIDIA RTX 500 Ada Generation Laptop GPU', 'NVIDIA L4', 'NVIDIA L40S', 'L40', 'L20']],
  ['hopper', ['NVIDIA H100 80GB HBM3', 'NVIDIA H100 NVL', 'NVIDIA H200', 'NVIDIA GH200 480GB']],
  ['blackwell', ['NVIDIA GeForce RTX 5090', 'NVIDIA B200', 'NVIDIA GB200', 'NVIDIA GB10', 'B300']],
  ['blackwell', ['NVIDIA RTX PRO 6000 Blackwell Server Edition', 'NVIDIA RTX PRO 4500']],
  ['rdna', ['AMD Radeon RX 5700 XT', 'AMD Radeon Pro W5700']],
  ['rdna2', ['AMD Radeon RX 6800 XT', 'Radeon RX 6650 XT', 'RX6600M', 'AMD Radeon PRO W6800']],
  ['rdna3', ['AMD Radeon RX 7900 XTX', 'Radeon™ RX 7600', 'AMD Radeon PRO W7900']],
  ['rdna4', ['AMD Radeon RX 9070 XT', 'RX 9060', 'AMD Radeon AI PRO R9700']],
  ['cdna', ['AMD Instinct MI100']],
  ['cdna2', ['AMD Instinct MI210', 'AMD Instinct MI250X', 'MI250']],
  ['cdna3', ['AMD Instinct MI300X', 'MI300A', 'AMD Instinct MI325X']],
  ['cdna4', ['AMD Instinct MI355X']],
] as const)('ARCH-1: %s', (architecture, names) => {
  for (const name of names) expect([name, gpuArchitecture(name)]).toEqual([name, architecture])
})

test.each([
  ['', 'Test GPU', 'Graphics Device', 'NVIDIA', '4090', 'RTX', 'ada', 'constructor'],
  // One name for cards of more than one generation.
  ['NVIDIA RTX 6000', 'RTX 4000', 'GeForce GTX 860M', 'GeForce GTX 670M', 'GeForce 940M'],
  ['NVIDIA GeForce MX450', 'GeForce MX150', 'NVIDIA GeForce RTX 3050 A Laptop GPU'],
  // Numbers that only begin like a series.
  ['RTX 40900', 'GTX 10800', 'RX 67000', 'RX 580', 'A1000', 'H1000', 'RTX 4010'],
  // Of other makers.
  ['Apple M4', 'Apple M4 Max', 'M4', 'Intel Arc A770', 'AMD A10-7850K Radeon R7', 'Radeon 780M'],
  ['AMD Instinct MI50', 'AMD Radeon VII'],
  ['RTX 3090 or GTX 1080', 'RTX 4090 + RX 7900 XTX'],
])('ARCH-2: nothing is guessed of %j and the like', (...names) => {
  for (const name of names) expect([name, gpuArchitecture(name)]).toEqual([name, null])
})

test('ARCH-2: any text has an architecture or none, however it is spelled', () => {
  const part = fc.constantFrom('nvidia', 'RTX', 'gtx', 'A100', '4090', ' ', '-', 'Ada', 'MI300X')
  const text = fc.array(fc.oneof(part, fc.string())).map((all) => all.join(''))
  fc.assert(
    fc.property(text, (name) => {
      const found = gpuArchitecture(name)
      if (found !== null) expect(gpuArchitectures).toContain(found)
      expect(gpuArchitecture(`  ${name} `)).toBe(found)
    }),
  )
})
