/**
 * Answers of the read model that are the same for everybody, kept for some seconds: what is expensive to count is
 * counted once for all who ask. Plain data of this isolate, bounded; it says when it was counted.
 */

/** Opens an empty memory for answers of one kind. */
export function recentAnswers<Answer>(policy: { readonly keptMs: number; readonly max: number }) {
  const kept = new Map<string, { readonly answer: Answer; readonly atMs: number }>()
  return async (
    asked: { readonly key: string; readonly nowMs: number },
    work: () => Promise<Answer>,
  ): Promise<{ readonly answer: Answer; readonly atMs: number }> => {
    const { key, nowMs } = asked
    const known = kept.get(key)
    const ageMs = known === undefined ? policy.keptMs : nowMs - known.atMs
    // A clock that was set back makes nothing last longer.
    if (known && ageMs >= 0 && ageMs < policy.keptMs) return known
    const fresh = { answer: await work(), atMs: nowMs }
    kept.delete(key)
    kept.set(key, fresh)
    for (const oldest of kept.keys()) {
      if (kept.size <= policy.max) break
      kept.delete(oldest)
    }
    return fresh
  }
}
