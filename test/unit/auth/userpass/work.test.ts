// How much work a login is must not tell which users there are (CVE-2025-6011). Work is the processor time of this
// process, which a busy machine does not stretch; nothing else runs in it.
import test from 'ava';
import { userpass } from '#auth/userpass/index.ts';
import { TestMount } from '#test/helpers/mount.ts';

const HASH = '$2b$10$abcdefghijklmnopqrstuu/iTe/3lzgUp2VXqxx9m8unGpLPr/OOe';
const ROUNDS = 5;

test('a login of nobody is the work of one with a wrong password', async (t) => {
  const mount = new TestMount(userpass);
  await mount.write('users/ann', { password_hash: HASH });
  const work = async (path: string): Promise<number> => {
    const before = process.cpuUsage();
    for (let round = 0; round < ROUNDS; round++) await mount.write(path, { password: 'wrong' });
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  await work('login/ann');
  const [user, nobody] = [await work('login/ann'), await work('login/nobody')];
  // Without the check against a stand-in it would be a hundredth.
  t.true(nobody > user / 2 && nobody < user * 2, `${user} µs against ${nobody} µs`);
});
