/** One member, and how much there is of it. */
export interface Sized {
  readonly name: string;
  /** Of its newest backup as it is stored; undefined where there is none. */
  readonly bytes: number | undefined;
}

/** How a fleet is shared. */
export interface Plan {
  /** The names of each share, in the order in which they are to be backed up: the largest first. */
  readonly shares: readonly (readonly string[])[];
  /** What each share weighs: see {@link weightsOf}. */
  readonly loads: readonly number[];
}

/** What a backup takes besides its bytes, in bytes: a process, a login, a dozen requests take about a second. */
export const perBackup = 16 * 1024 ** 2;

/**
 * Shares the members, each in exactly one share: the largest of those that are left goes to the lightest share (LPT,
 * which is at most 4/3 - 1/(3 × shares) of the best there is: https://doi.org/10.1137/0117039). Pure, and the same
 * whatever the order of the members; equal ones go by name, so that without any size this is dealing them out.
 * @param later members that came after the others were shared: they go on top and move none of those.
 */
export function planShares(members: readonly Sized[], shards: number, later: readonly string[] = []): Plan {
  const shares = Array.from({ length: shards }, (): string[] => []);
  const loads = new Array<number>(shards).fill(0);
  const weights = weightsOf(members);
  const give = (name: string, weight: number): void => {
    let lightest = 0;
    for (let index = 1; index < shards; index += 1) {
      if ((loads[index] ?? 0) < (loads[lightest] ?? 0)) lightest = index;
    }
    shares[lightest]?.push(name);
    loads[lightest] = (loads[lightest] ?? 0) + weight;
  };
  const byWeight = [...weights].sort(([a, weightA], [b, weightB]) => weightB - weightA || (a < b ? -1 : 1));
  for (const [name, weight] of byWeight) give(name, weight);
  const usual = Math.max(perBackup, meanOf([...weights.values()]));
  for (const name of [...later].sort()) if (!weights.has(name)) give(name, usual);
  return { shares, loads };
}

/** What members weigh by their names: their bytes, or as much as the mean where there is no backup yet, and {@link perBackup}. */
export function weightsOf(members: readonly Sized[]): Map<string, number> {
  const usual = meanOf(members.flatMap(({ bytes }) => bytes ?? []));
  return new Map(members.map(({ name, bytes = usual }) => [name, bytes + perBackup]));
}

function meanOf(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : Math.round(numbers.reduce((sum, number) => sum + number, 0) / numbers.length);
}
