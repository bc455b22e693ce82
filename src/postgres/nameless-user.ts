import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * What initdb's environment needs beside the usual where the user of this process has no name: platforms such as
 * OpenShift run containers as a number that is not in /etc/passwd, and initdb gives up on it ("could not look up
 * effective user ID"). libnss_wrapper, which the image holds, answers from files of ours instead; where it is missing,
 * the loader warns and initdb says its own words. Empty for a user with a name.
 * @param folder a private folder that stays for as long as initdb runs; two small files are written to it.
 */
export async function nameForNameless(folder: string): Promise<Readonly<Record<string, string>>> {
  try {
    userInfo();
    return {};
  } catch {
    const [passwd, group] = [join(folder, 'passwd'), join(folder, 'group')];
    const [uid, gid] = [String(process.getuid?.()), String(process.getgid?.())];
    await writeFile(passwd, `drill:x:${uid}:${gid}::/:/bin/false\n`);
    await writeFile(group, `drill:x:${gid}:\n`);
    return { LD_PRELOAD: 'libnss_wrapper.so', NSS_WRAPPER_PASSWD: passwd, NSS_WRAPPER_GROUP: group };
  }
}
