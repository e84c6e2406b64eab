// Loaded into a program that run.mjs starts: when run.mjs is killed so hard that it cannot pass the
// signal on, the program ends in its orderly way instead of living on with nobody to stop it.

const parent = process.ppid
const timer = setInterval(() => {
  if (process.ppid === parent) return
  clearInterval(timer)
  process.kill(process.pid, 'SIGTERM')
}, 1_000)
timer.unref()
