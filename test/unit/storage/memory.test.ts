// Memory keeps the contract of every backend, and so does a medium that takes its time.
import { openMemory } from '#storage/memory.ts';
import { storageSuite } from '#test/conformance/storage.ts';
import { ControlledMedium, openControlled } from '#test/helpers/medium.ts';

storageSuite('memory', {
  make: () => () => Promise.resolve(openMemory()),
  survives: false,
});

storageSuite('a medium that takes its time', {
  make: () => () => Promise.resolve(openControlled(new ControlledMedium({ auto: true }))),
  survives: false,
});
