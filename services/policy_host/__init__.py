"""The users' own policies, run apart: a child process imports them and hands plain data over; it answers for them.

`loading.load(entries)` is what everything else begins with: it returns a `Loaded`, that is the `PolicySet`, and each
policy's `published`, file and version; nothing goes on running. One file on its own is `load([path])`. What is wrong is
a `PolicyError` of problems, each with its file and line. It blocks: `await asyncio.to_thread(load, entries)`.

| file | its subject |
| --- | --- |
| `sources` | what FOLLOWTHROUGH_POLICIES names: modules, files, folders |
| `child` `fresh_imports` | the process that runs the users' Python; reading it anew, and noting what was read |
| `wire` | what the two say to each other: lines of JSON |
| `loading` `loaded` | starting a child until its policies are read; what it handed over |
| `asking` | a child that goes on to answer `route` and `roster`, within time-outs |
| `questions` | the same for tools, without an event loop: `with questions(entries) as ask: ask.roster(…)` |
| `watching` | whether files are still what was read |
| `now` | what holds at one moment, for the length of a call |
| `in_force` | who holds it in a process: reloads, restarts, who is told |
| `placing` | the queue and priority of a request that does not name them |

The child must import none of gRPC, SQL or settings: it starts in a tenth of a second, and again after each edit.
"""
