import type { Instruction } from '#cycling/protocol/instructions.js';
import { maxSilenceS } from '#cycling/protocol/messages.js';
import { maxPayloadBytes } from '#device-link/guard.js';
import type { DownKind, UpKind } from '#device-link/topics.js';

// What the schemas of the protocol of units do not say.

/** What who writes a unit has to know beside the messages. */
export const overview = `\
A computational unit drives the outputs of a battery lab. It runs programs and keeps their limits **by itself**; the server
tells it what to run, supervises it and records what it says. This is all that a unit has to know; \`apps/cycler-sim\` is one that
keeps to it. Currents and powers are positive where they charge. Times are UTC by the clock of the unit, which must agree with the
server's to within a few seconds.

# Connecting

MQTT 3.1.1, QoS 1, a persistent session. The user name is the id of the unit, which is that of its device; the password is the secret of
one of its credentials (\`voltrace devices add\`, \`devices issue-credential\`, \`lab units add\`). A unit publishes on its own topics only and subscribes to
\`instructions\` and \`lease\`; \`config\` may be passed over. Only \`birth\` and \`state\` are retained. A payload has ${String(maxPayloadBytes)} bytes at most.

Each message up is wrapped in an envelope. A *session* is the time between two starts of the unit, under a name that no other one has; \`seq\` counts its
messages, whatever their topic, from any number on. The first one is the birth. What is sent down has no envelope.

**Nothing may be lost.** A message is kept, on disk, until it is acknowledged (PUBACK), and sent again with the same number in another
connection: that it comes twice changes nothing. It is kept for some time after that too: the server asks for numbers that it misses with \`resend\`.
Where the buffer is full, samples go first and the oldest ones before others; steps and acknowledgements stay.

# Leases

While somebody supervises a unit, the server renews its lease every second. It holds until \`untilS\`, but never for longer than the unit itself is
configured to grant (15 s unless there is a reason): the unit takes the smaller one, by a counter of its own that no correction of its clock moves. One whose time
is over when it comes is none. Without a lease the unit refuses \`start\` and \`resume\`; when the lease ends while it runs, it switches its outputs **off**, says the step
\`safe\` with the cause \`lost\` for each experiment that ran, and stays off until it is told to resume.

# An experiment

1. \`confirm-limits\`: the station is \`ready\`, unless it has another experiment, cannot keep the limits with the devices that are named by their serial numbers, does not measure what they are of, or measures
   something beyond them. The station is from then on bound to the output that has one of these serial numbers.
2. \`start\`: with the program, in A, V, W and ohm; rates of a measured capacity that the program itself measures are all that is left of C-rates. The unit says the step
   \`started\` before it acknowledges, executes the program by itself, and says \`started\` and \`ended\` of each step, with its cause.
3. \`samples\` as the program records them, the first and the last values of each step in any case. **A unit that runs sends a record every ${String(maxSilenceS)} s at least**, whatever the
   program says: one that is silent for longer is taken to be out of control, and told to switch off.
4. \`completed\` after the last step, with the output off; the station is \`idle\`. Or \`stop\`: \`ended\` with the cause \`operator\`, \`stopped\`, \`idle\`.

What is said is said in this order: the samples of a step before its end, its end before the next start, all of it before the acknowledgement of an instruction that it came of.
Step counts never fall and count executed steps; a step id is the place of a step in the program, from 1 as it is written; the test time never goes back. The server executes
the same program beside the unit: a step that is not the next one, or a cause that the step has no condition for, is taken as a fault, and the output is told to go off.

# Acknowledgements

Each instruction is answered once it is **done** (the output is off, not: will be) or **refused**, within 2 s. It comes again until it is answered; what was answered already is
answered again with the same answer and not done a second time. \`output-off\` and \`stop\` are told without end; not confirmed within 2 s, they raise an alarm. A unit refuses what it
cannot do with a reason; \`output-off\` is done in every state. An instruction for another experiment than that of the station is refused, except for \`output-off\` and for a
\`stop\` of what is over.

# Trips

A limit that is broken for longer than \`persistenceS\`, a sensor that says the very same for too long, a device that switches off by itself: output off at once, the step \`tripped\`, and the station is
\`tripped\`. A trip latches: it outlives a restart, and nothing but \`reset-trip\` ends it, which is refused while something is beyond its limits. After it the station is \`paused\`, and \`resume\` goes
on with the step that was broken off. The limits are the strictest of those that were confirmed, those of the program and of its step, and those of the devices.

# Loss of power

Outputs must come up **off**. What the unit knows (its experiments, the step, its time and charge, latches, answers, messages that were not acknowledged) outlives it. When it is back
it begins a session with a birth, says \`interrupted\` of what ran, with the seconds that were lost as \`gapS\` and the test time of the last record, and waits. The server confirms the limits again and sends
\`resume\`: it goes on within the same step, with the same step count, at the time and charge that it had. The test time counts the gap.

A step that is broken off (\`paused\`, \`safe\`, \`interrupted\`, \`tripped\`) is not ended.
`;

export const topicTexts: Readonly<
  Record<Exclude<DownKind, 'config'> | Exclude<UpKind, 'reports' | 'occurrences'>, string>
> = {
  instructions:
    'What the unit is to do. Each is answered on `acks`; one that is no instruction is passed over.',
  lease:
    'Comes at QoS 0 about every second: one that waited for the unit would be one that nobody grants.',
  birth: 'First message of each session. Members beside these are kept as text.',
  state: 'Online after each further connection; offline as the last will, with `seq` 0.',
  samples: 'At most 1,000 records of one experiment, in columns; sent every second or so.',
  steps: 'Said when it happens, after the samples that were taken before.',
  acks: 'The answer to an instruction, with the station as it is from then on.',
};

export const instructionTexts: Readonly<Record<Instruction['kind'], string>> = {
  'confirm-limits': 'Say whether the unit can watch over these limits, and keep them from now on.',
  start: 'Run this program from its first step.',
  resume: 'Go on with the step that was broken off.',
  pause: 'Switch off in the middle of the step, until it is resumed.',
  stop: 'Switch off and leave the experiment.',
  'output-off': 'Switch off and latch, in every state.',
  'reset-trip': 'End a latch, unless something is beyond its limits.',
  detect: 'Say which devices are connected; the list may be empty.',
};
