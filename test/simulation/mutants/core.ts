// Bugs in the core of Raft.
import type { Mutant } from './mutant.ts';

const ELECTION: readonly Mutant[] = [
  {
    name: 'a server that has just started votes though it may have heard a leader',
    file: 'raft/state.ts',
    search: '    silence: 0,\n',
    replace: '    silence: settings.electionTicks,\n',
  },
  {
    name: 'a server votes though it hears a leader',
    scenario: 'two halves that one server connects do not take leadership from each other',
    file: 'raft/election.ts',
    search: 'const isPatient = hearsLeader(state) && !request.isTransfer;',
    replace: 'const isPatient = false;',
  },
  {
    name: 'only the leader itself is patient',
    file: 'raft/election.ts',
    search: "return state.role === 'leader' || state.silence < state.settings.electionTicks;",
    replace: "return state.role === 'leader';",
  },
  {
    name: 'a server that lost its log votes',
    scenario: 'a server that lost its log gives nobody a majority',
    file: 'raft/election.ts',
    search: 'if (state.isRecovering) return false;',
    replace: '',
  },
  {
    name: 'a server that lost its log stands for election',
    file: 'raft/election.ts',
    search: 'const isWhole = !state.isRecovering && ',
    replace: 'const isWhole = ',
  },
  {
    name: 'a server votes twice in a term',
    file: 'raft/election.ts',
    search: 'return isFree || state.votedFor === request.from;',
    replace: 'state.votedFor = undefined;\n  return isFree || true;',
  },
  {
    name: 'a vote is not persisted',
    file: 'raft/election.ts',
    search: '  state.votedFor = from;\n  state.isPromising = true;',
    replace: '  state.votedFor = from;',
  },
  {
    name: 'a term is not persisted',
    file: 'raft/role.ts',
    search: '  state.isPromising = true;\n',
    replace: '',
  },
  {
    name: 'a candidate may lack what others have',
    file: 'raft/election.ts',
    search: 'return isUpToDate(state, request.lastIndex, request.lastTerm);',
    replace: 'return true;',
  },
  {
    name: 'logs are compared by length only',
    file: 'raft/replication.ts',
    search: 'return term > own || (term === own && index >= lastIndex(state.log));',
    replace: 'return index >= lastIndex(state.log);',
  },
  {
    name: 'logs are compared by term only',
    file: 'raft/replication.ts',
    search: 'return term > own || (term === own && index >= lastIndex(state.log));',
    replace: 'return term >= own;',
  },
  {
    name: 'votes of an earlier candidacy count',
    file: 'raft/election.ts',
    search: "state.role === 'candidate' && reply.term === state.term",
    replace: "state.role === 'candidate'",
  },
  {
    name: 'votes of servers without a vote count',
    file: 'raft/election.ts',
    search: 'if (!isVoter(state, from) || state.votes.has(from)) return;',
    replace: 'if (state.votes.has(from)) return;',
  },
  {
    name: 'half of the voters are a majority',
    file: 'raft/quorum.ts',
    search: 'return Math.floor(voters / 2) + 1;',
    replace: 'return Math.ceil(voters / 2);',
  },
  {
    name: 'less than half of the voters are a majority',
    file: 'raft/quorum.ts',
    search: 'return Math.floor(voters / 2) + 1;',
    replace: 'return Math.max(1, Math.floor(voters / 2));',
  },
  {
    name: 'every server has a vote',
    file: 'raft/quorum.ts',
    search:
      "configuration.filter((server) => server.suffrage === 'voter').map((server) => server.id)",
    replace: 'configuration.map((server) => server.id)',
  },
  {
    name: 'whoever times out raises the term at once',
    scenario: 'a server that was cut off does not raise the term when it comes back',
    file: 'raft/election.ts',
    search: 'if (canStand(state)) preCampaign(state);',
    replace: 'if (canStand(state)) campaign(state, false);',
  },
];

const REPLICATION: readonly Mutant[] = [
  {
    name: 'entries of an older term are committed by counting',
    scenario: 'an entry of an older term is committed by one of this term',
    file: 'raft/replication.ts',
    search: '  if (termAt(state.log, reached) !== state.term) return;\n',
    replace: '',
  },
  {
    name: 'a leader counts itself before its disk has the entry',
    scenario: 'a leader counts for its own entries once its disk has them',
    file: 'raft/replication.ts',
    search: 'if (voter === state.settings.id) return state.durable;',
    replace: 'if (voter === state.settings.id) return lastIndex(state.log);',
  },
  {
    name: 'answers do not wait for the disk',
    scenario: 'what was acknowledged is there after the power was gone everywhere',
    file: 'raft/outbox.ts',
    search: "state.late.push({ type: 'send', message, isUrgent: false });",
    replace: "state.late.push({ type: 'send', message, isUrgent: true });",
  },
  {
    name: 'an older message cuts what came after it',
    scenario: 'a message that was overtaken cuts nothing',
    file: 'raft/following.ts',
    search: '  const through = plus(previousIndex, entries.length);\n',
    replace: `  const through = plus(previousIndex, entries.length);
  const cut = plus(through, 1);
  if (entries.length > 0 && cut > state.commit && cut <= lastIndex(state.log)) replaceFrom(state, cut);
`,
  },
  {
    name: 'what conflicts is not truncated',
    file: 'raft/following.ts',
    search:
      '    if (entry.index <= lastIndex(state.log)) replaceFrom(state, entry.index);\n    append(',
    replace: '    if (entry.index > lastIndex(state.log)) append(',
  },
  {
    name: 'what stands before the entries is not compared',
    file: 'raft/following.ts',
    search: 'if (termAt(state.log, previousIndex) !== previousTerm) {',
    replace: 'if (previousIndex > lastIndex(state.log)) {',
  },
  {
    name: 'a follower takes for committed what it has not compared',
    file: 'raft/following.ts',
    search: 'learnCommit(state, least(commit, through));',
    replace: 'learnCommit(state, least(commit, lastIndex(state.log)));',
  },
  {
    name: 'a follower acknowledges what it has not compared',
    file: 'raft/following.ts',
    search: '  accept(state, message, through);',
    replace: '  accept(state, message, lastIndex(state.log));',
  },
  {
    name: 'a follower acknowledges its whole log when it hears of old entries',
    file: 'raft/following.ts',
    search: '    accept(state, message, state.commit);\n    return;',
    replace: '    accept(state, message, lastIndex(state.log));\n    return;',
  },
  {
    name: 'entries of a deposed leader are taken',
    file: 'raft/following.ts',
    search: 'if (message.term < state.term) {',
    replace: 'if (message.term < 0) {',
  },
  {
    name: 'answers of an earlier term count',
    file: 'raft/receive.ts',
    search: 'if (state.lead === undefined || reply.term !== state.term) return;',
    replace: 'if (state.lead === undefined) return;',
  },
  {
    name: 'a leader that hands over takes more',
    scenario: 'a write during a transfer is either done or refused',
    file: 'raft/replication.ts',
    search: "  if (handover !== undefined) return 'leadership is being transferred';\n",
    replace: '',
  },
  {
    name: 'a proposal whose leader fell is said to have failed',
    file: 'raft/role.ts',
    search: "if (index > state.commit) settle(state, ticket, { type: 'lost' });",
    replace:
      "if (index > state.commit) settle(state, ticket, { type: 'refused', reason: 'not the leader', leader: undefined });",
  },
  {
    name: 'whoever waits is not told that leadership ended',
    file: 'raft/role.ts',
    search: "if (index > state.commit) settle(state, ticket, { type: 'lost' });",
    replace: 'if (index > state.commit) continue;',
  },
  {
    name: 'entries are applied before they are durable here',
    file: 'raft/outbox.ts',
    search: 'const through = least(state.commit, state.durable);',
    replace: 'const through = state.commit;',
  },
  {
    name: 'any sync makes everything durable',
    file: 'raft/durability.ts',
    search: '    if (first.sequence > sequence) return;\n',
    replace: '',
  },
  {
    name: 'a write that was overtaken counts for what replaced it',
    file: 'raft/durability.ts',
    search: `  for (const outstanding of state.persists.items) {
    outstanding.through = least(outstanding.through, before);
  }
`,
    replace: '',
  },
  {
    name: 'entries leave before the term that they are of is durable',
    file: 'raft/outbox.ts',
    search: 'if (isPromiseDurable(state)) state.early',
    replace: 'if (state.settings !== undefined) state.early',
  },
  {
    name: 'a follower that lost entries is believed to have them',
    file: 'raft/replication.ts',
    search: '  if (reply.round <= peer.acknowledgedRound) return;\n  const differs',
    replace: '  if (reply.round >= 0) return;\n  const differs',
  },
];

const READS: readonly Mutant[] = [
  {
    name: 'a leader answers reads without asking anybody',
    scenario: 'a leader that was paused does not answer with what was true before',
    file: 'raft/read-index.ts',
    search: 'if (lead !== undefined) lead.arrived.push(arrival(state, lead, ticket, undefined));',
    replace:
      "if (lead !== undefined) settle(state, ticket, { type: 'readable', index: state.commit });",
  },
  {
    name: 'a new leader answers reads before it knows what is committed',
    file: 'raft/read-index.ts',
    search: 'index: most(state.commit, lead.first)',
    replace: 'index: state.commit',
  },
  {
    name: 'a round that began before a read confirms it',
    file: 'raft/read-index.ts',
    search: '    if (first.round > confirmed) return;\n',
    replace: '',
  },
  {
    name: 'a follower reads at its own commit, not at the leader’s',
    file: 'raft/read-index.ts',
    search: "settle(state, asked.ticket, { type: 'readable', index: reply.index })",
    replace: "settle(state, asked.ticket, { type: 'readable', index: state.commit })",
  },
  {
    name: 'a new leader serves before its first entry is applied',
    file: 'raft/leadership.ts',
    search: "emit(state, { type: 'lead', term: state.term, from: first });",
    replace: "emit(state, { type: 'lead', term: state.term, from: state.commit });",
  },
  {
    name: 'a lease outlives the beginning of a transfer',
    file: 'raft/transfer.ts',
    search: `  // Who is told to stand is voted for at once, by servers that hear this leader too.
  voidRounds(state, lead);
`,
    replace: '',
  },
  {
    name: 'a lease outlives leadership',
    file: 'raft/role.ts',
    search: "  if (!lead.isVoid) emit(state, { type: 'rounds-void' });\n",
    replace: '',
  },
  {
    name: 'a leader without a vote has a lease',
    file: 'raft/read-index.ts',
    search: 'if (!isVoter(state, state.settings.id)) voidRounds(state, lead);',
    replace: '',
  },
  {
    name: 'a refusal in a later term confirms a round',
    file: 'raft/following.ts',
    search: 'refuse(state, { ...message, round: 0 as Round });',
    replace: 'refuse(state, message);',
  },
];

const MEMBERSHIP: readonly Mutant[] = [
  {
    name: 'servers are changed before the leader has committed in its term',
    scenario: 'a new leader changes no servers before it has committed in its term',
    file: 'raft/membership.ts',
    search:
      "  if (state.commit < lead.first) return 'the leader has not committed an entry of its term yet';\n",
    replace: '',
  },
  {
    name: 'servers are changed before the last change is committed',
    scenario: 'servers are changed one after the other',
    file: 'raft/membership.ts',
    search:
      "  if (!isConfigurationCommitted(state)) return 'another change is not committed yet';\n",
    replace: '',
  },
  {
    name: 'a configuration is in force only when it is committed',
    scenario: 'a change is in force from when it is appended',
    file: 'raft/state.ts',
    search: '  return inForce(state.log).configuration;',
    replace: `  const all = state.log.configurations;
  return (all.findLast(({ index }) => index <= state.commit) ?? all[0]).configuration;`,
  },
  {
    name: 'a configuration stays in force when its entry is truncated',
    scenario: 'a change that is truncated is in force no more',
    file: 'raft/log.ts',
    search:
      '  while (inForce(log).index >= from && log.configurations.length > 1) log.configurations.pop();\n',
    replace: '',
  },
  {
    name: 'any server can be promoted',
    file: 'raft/membership.ts',
    search: 'return !peer.isRecovering && peer.match >= lead.first;',
    replace: 'return true;',
  },
  {
    name: 'a new server comes in as a voter',
    file: 'raft/membership.ts',
    search: "const suffrage = server.suffrage === 'voter' ? 'staging' : server.suffrage;",
    replace: "const suffrage = 'voter';",
  },
  {
    name: 'a voter is promoted that is not heard of',
    file: 'raft/membership.ts',
    search: 'if (peer === undefined || peer.silence > settings.electionTicks) return false;',
    replace: 'if (peer === undefined) return false;',
  },
  {
    name: 'a voter can go while those left could not decide it',
    file: 'raft/membership.ts',
    search: '  return able.length >= majority(voters.length);\n',
    replace: '  return able.length > 0;\n',
  },
];

const SNAPSHOTS: readonly Mutant[] = [
  {
    name: 'a snapshot is installed over a newer state',
    scenario: 'a snapshot that comes late does not set the state back',
    file: 'raft/compaction.ts',
    search: '  } else if (isHeld || snapshot.index > state.commit) {',
    replace: '  } else if (snapshot.index > 0) {',
  },
  {
    name: 'a log that parts from a snapshot is kept behind it',
    file: 'raft/compaction.ts',
    search: "emit(state, { type: 'install', snapshot, keepsLog: isHeld });",
    replace: "emit(state, { type: 'install', snapshot, keepsLog: true });",
  },
  {
    name: 'a snapshot does not bring its configuration',
    scenario: 'a snapshot brings the servers as they were then',
    file: 'raft/compaction.ts',
    search: '  state.log.configurations = configurations;\n',
    replace: '',
  },
  {
    name: 'entries are taken while a snapshot is installed',
    scenario: 'entries that come while a snapshot is installed are not taken',
    file: 'raft/following.ts',
    search: 'if (state.installing !== undefined) refuse(state, message);',
    replace: 'if (state.installing === null) refuse(state, message);',
  },
  {
    name: 'recovery ends without asking how far it goes',
    file: 'raft/recovery.ts',
    search:
      '  if (goal === undefined) ask(state);\n  else if (least(state.commit, state.durable) >= goal) {',
    replace: '  if (state.leader !== undefined && goal !== null) {',
  },
  {
    name: 'recovery is forgotten at a start',
    scenario: 'a server that comes back under its name with an empty disk gives nobody a majority',
    file: 'raft/state.ts',
    search: 'isRecovering: hardState.isRecovering || hardState.commit > last || isNew(restored),',
    replace: 'isRecovering: false,',
  },
];

const HEALTH: readonly Mutant[] = [
  {
    name: 'a disk that is full is not noticed',
    scenario: 'a leader whose disk is full steps down, another one leads, and it comes back',
    file: 'raft/step.ts',
    search: `  state.isDiskUsable = isUsable;
  if (!isUsable && state.lead !== undefined && !isAlone(state)) abdicate(state, state.lead);
`,
    replace: '',
  },
  {
    name: 'terms of any size are taken',
    scenario: 'terms and votes of absurd size are nobody’s',
    file: 'raft/receive.ts',
    search: '  if (!isWellFormed(message)) return;\n',
    replace: '',
  },
  {
    name: 'a leader that hears nobody leads on',
    scenario: 'a leader that hears nobody steps down, though others hear it',
    file: 'raft/leadership.ts',
    search:
      '  if (!hearsMajority(state, lead)) return becomeFollower(state, state.term, undefined);\n',
    replace: '',
  },
  {
    name: 'a leader whose disk hangs leads on',
    scenario: 'a leader whose disk hangs steps down, and another one leads',
    file: 'raft/durability.ts',
    search: 'return state.isDiskUsable && !isStalled(state);',
    replace: 'return state.isDiskUsable;',
  },
];

export const CORE_MUTANTS: readonly Mutant[] = [
  ...ELECTION,
  ...REPLICATION,
  ...READS,
  ...MEMBERSHIP,
  ...SNAPSHOTS,
  ...HEALTH,
];
