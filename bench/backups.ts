import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { contestants, type Place } from './contestants.ts';
import { measure } from './measure.ts';
import type { Series } from './results.ts';
import { measureRounds } from './rounds.ts';

/** Measures every way to make a backup; the bucket is empty before and after each. */
export async function measureBackups(
  place: Place,
  rounds: number,
  say: (text: string) => void,
): Promise<readonly Series[]> {
  const { s3, bucket } = place;
  const ways = contestants(place);
  const [floor] = ways;
  if (floor) await measure(floor.program, floor.args, floor.env); // so that the first round reads from memory, too
  const after = async (): Promise<number> => {
    const objects = await s3.objects(bucket);
    for (const { key } of objects) await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    return objects.reduce((sum, object) => sum + object.bytes, 0);
  };
  return measureRounds(ways, rounds, { after }, say);
}
