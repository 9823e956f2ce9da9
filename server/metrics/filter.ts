// Which metrics are kept, by the beginnings of their names (`prefix_filter`, `filter_default` of the telemetry stanza).

/**
 * @param rules `+vault.core` keeps, `-vault.runtime` leaves out; the longest that fits decides
 * @param initial whether names that no rule fits are kept
 */
export function makeFilter(rules: readonly string[], initial: boolean): (name: string) => boolean {
  const byLength = rules.toSorted((one, other) => other.length - one.length);
  return (name) => {
    const rule = byLength.find((one) => name.startsWith(one.slice(1)));
    return rule === undefined ? initial : rule.startsWith('+');
  };
}
