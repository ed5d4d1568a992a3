; Native threads that share the slices of one launch.
;
; `run` works alone at first, on slices that grow fourfold, with a look at the clock after each. Only when what is left is
; worth a wake-up does it publish the rest and call the workers; so no caller has to guess what an item costs, small launches
; never leave the calling thread, and few heavy items are spread as well as many light ones.
;
; A worker sleeps on a condition variable, woken by a new @epoch, after spinning on it: for a few microseconds, or for 100 if the
; call before came within that time, as in a loop of launches; so it is there at once, and other libraries lose little. @gate counts the
; workers inside the published launch; its sign bit is set while no launch is open. A worker that wakes late finds the gate
; closed and turns back, so the record of a finished launch is never read.
;
; Measured (2-core Xeon VM, Linux, items of 0.5 us, 200 launches each, best case and median of quiet runs): publishing costs the
; caller 2 to 5 us, a sleeping worker arrives 20 to 40 us later. Launches of 50 us gained nothing from a second core (51 to 61 us),
; of 60 us a little (54), of 100 us a third (63): so workers are called for 40 us of remaining work or more. On a busy machine,
; where the worker does not come at all, a shared launch lost at most 5 us against one that stayed alone.
;
; The file is completed by a few lines that differ between platforms (driver_cpu.py): @relax, @clock_id, @signal_block.

@lock = internal global [64 x i8] zeroinitializer, align 64        ; guards the sleep of workers and caller
@work = internal global [64 x i8] zeroinitializer, align 64        ; condition: @epoch changed
@done = internal global [64 x i8] zeroinitializer, align 64        ; condition: @gate is closed and empty
@launching = internal global [64 x i8] zeroinitializer, align 64   ; one published launch at a time

; each on its own cache line
@epoch = internal global i64 0, align 64
@gate = internal global i64 0, align 64
@next = internal global i64 0, align 64                            ; first item that nobody has taken

; the published launch: written before the gate opens
@entry = internal global ptr null, align 64
@end = internal global i64 0
@slice = internal global i64 0
@record = internal global ptr null

@wanted = internal global i64 0, align 64                          ; workers asked for, beside the caller
@running = internal global i64 0                                   ; workers that exist
@stopping = internal global i64 0
@threads = internal global [1024 x i64] zeroinitializer

declare i32 @pthread_mutex_init(ptr, ptr)
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_cond_init(ptr, ptr)
declare i32 @pthread_cond_wait(ptr, ptr)
declare i32 @pthread_cond_signal(ptr)
declare i32 @pthread_cond_broadcast(ptr)
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_join(i64, ptr)
declare i32 @pthread_attr_init(ptr)
declare i32 @pthread_attr_setstacksize(ptr, i64)
declare i32 @pthread_attr_destroy(ptr)
declare i32 @pthread_sigmask(i32, ptr, ptr)
declare i32 @clock_gettime(i32, ptr)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i64 @llvm.smin.i64(i64, i64)
declare i64 @llvm.smax.i64(i64, i64)

; Nanoseconds on a clock that only goes forward.
define internal i64 @now() {
  %time = alloca [2 x i64], align 16
  %id = load i32, ptr @clock_id
  %failed = call i32 @clock_gettime(i32 %id, ptr %time)
  %seconds = load i64, ptr %time
  %at = getelementptr i64, ptr %time, i64 1
  %nanoseconds = load i64, ptr %at
  %scaled = mul i64 %seconds, 1000000000
  %sum = add i64 %scaled, %nanoseconds
  ret i64 %sum
}

; Runs slices of the published launch until none is left.
define internal void @take_slices() {
start:
  %entry = load ptr, ptr @entry
  %end = load i64, ptr @end
  %slice = load i64, ptr @slice
  %record = load ptr, ptr @record
  br label %take
take:
  %first = atomicrmw add ptr @next, i64 %slice monotonic
  %left = icmp slt i64 %first, %end
  br i1 %left, label %body, label %finished
body:
  %behind = add i64 %first, %slice
  %last = call i64 @llvm.smin.i64(i64 %behind, i64 %end)
  call void %entry(i64 %first, i64 %last, ptr %record)
  br label %take
finished:
  ret void
}

; A worker's life; its argument is the epoch at which it was made.
define internal ptr @worker(ptr %birth) {
start:
  ; signals belong to the interpreter's main thread
  %signals = alloca [128 x i8], align 16
  call void @llvm.memset.p0.i64(ptr %signals, i8 -1, i64 128, i1 false)
  %how = load i32, ptr @signal_block
  %ignored = call i32 @pthread_sigmask(i32 %how, ptr %signals, ptr null)
  %born = ptrtoint ptr %birth to i64
  br label %idle
idle:
  %seen = phi i64 [ %born, %start ], [ %epoch, %leave ], [ %epoch, %notify ]
  %patience = phi i64 [ 0, %start ], [ %next_patience, %leave ], [ %next_patience, %notify ]
  %began = call i64 @now()
  br label %spin
spin:
  %turn = phi i64 [ 0, %idle ], [ %turned, %again ], [ %turned, %linger ]
  %glimpse = load atomic i64, ptr @epoch acquire, align 8
  %changed = icmp ne i64 %glimpse, %seen
  br i1 %changed, label %woken, label %again
again:
  call void @relax()
  %turned = add i64 %turn, 1
  %few = icmp ult i64 %turned, 128
  br i1 %few, label %spin, label %linger
linger:
  %now = call i64 @now()
  %waited = sub i64 %now, %began
  %patient = icmp slt i64 %waited, %patience
  br i1 %patient, label %spin, label %drowsy
drowsy:
  %locked = call i32 @pthread_mutex_lock(ptr @lock)
  br label %check
check:
  %current = load atomic i64, ptr @epoch acquire, align 8
  %called = icmp ne i64 %current, %seen
  br i1 %called, label %awake, label %sleep
sleep:
  %slept = call i32 @pthread_cond_wait(ptr @work, ptr @lock)
  br label %check
awake:
  %unlocked = call i32 @pthread_mutex_unlock(ptr @lock)
  br label %woken
woken:
  %arrived = call i64 @now()
  %gap = sub i64 %arrived, %began
  %frequent = icmp slt i64 %gap, 100000
  %next_patience = select i1 %frequent, i64 100000, i64 0
  %epoch = load atomic i64, ptr @epoch acquire, align 8
  %stop = load atomic i64, ptr @stopping acquire, align 8
  %dismissed = icmp ne i64 %stop, 0
  br i1 %dismissed, label %exit, label %enter
enter:
  %before = atomicrmw add ptr @gate, i64 1 acq_rel
  %closed = icmp slt i64 %before, 0
  br i1 %closed, label %leave, label %help
help:
  call void @take_slices()
  br label %leave
leave:
  %inside = atomicrmw sub ptr @gate, i64 1 acq_rel
  %empty = icmp eq i64 %inside, -9223372036854775807
  br i1 %empty, label %notify, label %idle
notify:
  %locked2 = call i32 @pthread_mutex_lock(ptr @lock)
  %signalled = call i32 @pthread_cond_signal(ptr @done)
  %unlocked2 = call i32 @pthread_mutex_unlock(ptr @lock)
  br label %idle
exit:
  ret ptr null
}

; Moves the epoch on and wakes every sleeping worker.
define internal void @call_workers() {
  %locked = call i32 @pthread_mutex_lock(ptr @lock)
  %old = atomicrmw add ptr @epoch, i64 1 acq_rel
  %woken = call i32 @pthread_cond_broadcast(ptr @work)
  %unlocked = call i32 @pthread_mutex_unlock(ptr @lock)
  ret void
}

; Makes the workers that are wanted and missing; fewer when the system refuses. Returns how many exist.
define internal i64 @hire() {
start:
  %attributes = alloca [128 x i8], align 16
  %initialised = call i32 @pthread_attr_init(ptr %attributes)
  ; secondary threads get 512 KiB on macOS; kernels may hold larger local arrays
  %sized = call i32 @pthread_attr_setstacksize(ptr %attributes, i64 8388608)
  %epoch = load atomic i64, ptr @epoch acquire, align 8
  %birth = inttoptr i64 %epoch to ptr
  %wanted = load i64, ptr @wanted
  %present = load i64, ptr @running
  br label %check
check:
  %count = phi i64 [ %present, %start ], [ %more, %made ]
  %missing = icmp slt i64 %count, %wanted
  br i1 %missing, label %make, label %finished
make:
  %slot = getelementptr [1024 x i64], ptr @threads, i64 0, i64 %count
  %refused = call i32 @pthread_create(ptr %slot, ptr %attributes, ptr @worker, ptr %birth)
  %ok = icmp eq i32 %refused, 0
  br i1 %ok, label %made, label %finished
made:
  %more = add i64 %count, 1
  br label %check
finished:
  store i64 %count, ptr @running
  %destroyed = call i32 @pthread_attr_destroy(ptr %attributes)
  ret i64 %count
}

; Waits until no worker is inside the closed gate: spins for about a slice of short launches, then sleeps.
define internal void @await_workers() {
start:
  %began = call i64 @now()
  br label %spin
spin:
  %glimpse = load atomic i64, ptr @gate acquire, align 8
  %alone = icmp eq i64 %glimpse, -9223372036854775808
  br i1 %alone, label %finished, label %again
again:
  call void @relax()
  %now = call i64 @now()
  %waited = sub i64 %now, %began
  %patient = icmp slt i64 %waited, 50000
  br i1 %patient, label %spin, label %drowsy
drowsy:
  %locked = call i32 @pthread_mutex_lock(ptr @lock)
  br label %check
check:
  %gate = load atomic i64, ptr @gate acquire, align 8
  %empty = icmp eq i64 %gate, -9223372036854775808
  br i1 %empty, label %awake, label %sleep
sleep:
  %slept = call i32 @pthread_cond_wait(ptr @done, ptr @lock)
  br label %check
awake:
  %unlocked = call i32 @pthread_mutex_unlock(ptr @lock)
  br label %finished
finished:
  ret void
}

; Items [first, end) by caller and workers, in slices of about eight to a thread but not under `least` items. Needs @launching.
define internal void @share(ptr %entry, i64 %first, i64 %end, i64 %least, i64 %unit, ptr %record) {
  %workers = call i64 @hire()
  %everyone = add i64 %workers, 1
  %portions = shl i64 %everyone, 3
  %items = sub i64 %end, %first
  %portion = sdiv i64 %items, %portions
  %larger = call i64 @llvm.smax.i64(i64 %portion, i64 %least)
  ; a whole number of units, at least one
  %units = sdiv i64 %larger, %unit
  %positive = call i64 @llvm.smax.i64(i64 %units, i64 1)
  %slice = mul i64 %positive, %unit
  store ptr %entry, ptr @entry
  store i64 %end, ptr @end
  store i64 %slice, ptr @slice
  store ptr %record, ptr @record
  store atomic i64 %first, ptr @next monotonic, align 8
  %opened = atomicrmw and ptr @gate, i64 9223372036854775807 acq_rel
  call void @call_workers()
  call void @take_slices()
  %shut = atomicrmw or ptr @gate, i64 -9223372036854775808 acq_rel
  call void @await_workers()
  ret void
}

; Items [first, end) shared if that pays with atomic additions, which is tried on `size` items; alone with plain ones else.
; `alone_at` tells the items which. Needs @launching.
define internal void @share_adding(ptr %entry, i64 %first, i64 %end, i64 %size, double %plain, i64 %least, i64 %unit, ptr %record, ptr %alone_at) {
start:
  store i64 0, ptr %alone_at
  %behind = add i64 %first, %size
  %last = call i64 @llvm.smin.i64(i64 %behind, i64 %end)
  %before = call i64 @now()
  call void %entry(i64 %first, i64 %last, ptr %record)
  %after = call i64 @now()
  %more = icmp slt i64 %last, %end
  br i1 %more, label %judge, label %finished
judge:
  %time = sub i64 %after, %before
  %items = sub i64 %last, %first
  %time_float = sitofp i64 %time to double
  %items_float = sitofp i64 %items to double
  %atomic = fdiv double %time_float, %items_float
  %workers = load atomic i64, ptr @wanted monotonic, align 8
  %everyone = add i64 %workers, 1
  %threads = sitofp i64 %everyone to double
  %share = fdiv double %atomic, %threads
  %pays = fcmp olt double %share, %plain
  br i1 %pays, label %shared, label %alone_again
shared:
  call void @share(ptr %entry, i64 %last, i64 %end, i64 %least, i64 %unit, ptr %record)
  ret void
alone_again:
  store i64 1, ptr %alone_at
  call void %entry(i64 %last, i64 %end, ptr %record)
  ret void
finished:
  ret void
}

; Items [0, end) on the calling thread while they are few or light, the rest shared. `alone_at` is null, or where the items
; look whether they may add plainly: then @launching is held.
define internal void @work_through(ptr %entry, i64 %end, i64 %unit, ptr %record, ptr %alone_at) {
start:
  %workers = load atomic i64, ptr @wanted monotonic, align 8
  %lonely = icmp eq i64 %workers, 0
  %single = icmp sle i64 %end, %unit
  %direct = or i1 %lonely, %single
  br i1 %direct, label %alone, label %measure
alone:
  call void %entry(i64 0, i64 %end, ptr %record)
  ret void
measure:
  %began = call i64 @now()
  br label %step
step:
  %first = phi i64 [ 0, %measure ], [ %last, %onward ]
  %size = phi i64 [ %unit, %measure ], [ %next_size, %onward ]
  %before = phi i64 [ %began, %measure ], [ %after, %onward ]
  %behind = add i64 %first, %size
  %last = call i64 @llvm.smin.i64(i64 %behind, i64 %end)
  call void %entry(i64 %first, i64 %last, ptr %record)
  %more = icmp slt i64 %last, %end
  br i1 %more, label %judge, label %finished
judge:
  %after = call i64 @now()
  %spent = sub i64 %after, %began
  %step_time = sub i64 %after, %before
  %time = call i64 @llvm.smax.i64(i64 %step_time, i64 1)
  %items = sub i64 %last, %first
  %left = sub i64 %end, %last
  ; in float: the product may not fit 64 bits
  %time_float = sitofp i64 %time to double
  %items_float = sitofp i64 %items to double
  %left_float = sitofp i64 %left to double
  %per_item = fdiv double %time_float, %items_float
  %remaining = fmul double %per_item, %left_float
  %worth = fcmp ogt double %remaining, 4.0e+04
  ; the very first item pays for cold caches: believe it only when it is slow beyond that
  %warm = icmp sgt i64 %first, 0
  %slow = icmp sgt i64 %time, 20000
  %known = or i1 %warm, %slow
  %late = icmp sgt i64 %spent, 5000
  %sure = and i1 %worth, %known
  %summon = and i1 %sure, %late
  br i1 %summon, label %shared, label %onward
onward:
  %fourfold = shl i64 %size, 2
  %next_size = select i1 %late, i64 %size, i64 %fourfold
  br label %step
shared:
  ; items in 20 microseconds
  %rate = fdiv double 2.0e+04, %per_item
  %least = fptosi double %rate to i64
  %free = icmp eq ptr %alone_at, null
  br i1 %free, label %share_now, label %adding
share_now:
  %locked = call i32 @pthread_mutex_lock(ptr @launching)
  call void @share(ptr %entry, i64 %last, i64 %end, i64 %least, i64 %unit, ptr %record)
  %unlocked = call i32 @pthread_mutex_unlock(ptr @launching)
  ret void
adding:
  call void @share_adding(ptr %entry, i64 %last, i64 %end, i64 %size, double %per_item, i64 %least, i64 %unit, ptr %record, ptr %alone_at)
  ret void
finished:
  ret void
}

; Runs entry(begin, end, launch) over the items [0, end), in slices that are multiples of `unit` items; a negative unit says that
; the items add floats atomically.
; `record` (`size` bytes) is copied, and the copy given a status of its own, so the caller's bytes stay as they are.
; Returns 0, or (item << 16 | number of the failed assert + 1).
define i64 @run(ptr %entry, i64 %end, i64 %unit, ptr %record, i64 %size) {
start:
  %status = alloca [3 x i64], align 16
  store [3 x i64] zeroinitializer, ptr %status
  %copy = alloca i8, i64 %size, align 64
  call void @llvm.memcpy.p0.p0.i64(ptr %copy, ptr %record, i64 %size, i1 false)
  %status_at = getelementptr i8, ptr %copy, i64 32
  store ptr %status, ptr %status_at
  %adds = icmp slt i64 %unit, 0
  br i1 %adds, label %adding, label %free
adding:
  ; plain additions while no other launch adds
  %locked = call i32 @pthread_mutex_lock(ptr @launching)
  %alone_at = getelementptr i64, ptr %status, i64 2
  store i64 1, ptr %alone_at
  %positive = sub i64 0, %unit
  call void @work_through(ptr %entry, i64 %end, i64 %positive, ptr %copy, ptr %alone_at)
  %unlocked = call i32 @pthread_mutex_unlock(ptr @launching)
  br label %finished
free:
  call void @work_through(ptr %entry, i64 %end, i64 %unit, ptr %copy, ptr null)
  br label %finished
finished:
  %failed = load i64, ptr %status
  %item_at = getelementptr i64, ptr %status, i64 1
  %item = load i64, ptr %item_at
  %shifted = shl i64 %item, 16
  %both = or i64 %shifted, %failed
  %none = icmp eq i64 %failed, 0
  %result = select i1 %none, i64 0, i64 %both
  ret i64 %result
}

; Plays the rows [first, count) of a packed list (graph_cpu.py), 8 words each, until one needs Python: a host call, or a launch that
; failed, whose result is then in the row's last word. Returns that row's number; -1 at the end of the list.
define i64 @play(ptr %rows, i64 %first, i64 %count) {
start:
  br label %step
step:
  %at = phi i64 [ %first, %start ], [ %target, %jump ], [ %following, %onward ]
  %left = icmp slt i64 %at, %count
  br i1 %left, label %fetch, label %finished
finished:
  ret i64 -1
fetch:
  %words = mul i64 %at, 8
  %row = getelementptr i64, ptr %rows, i64 %words
  %kind = load i64, ptr %row
  %p1 = getelementptr i64, ptr %row, i64 1
  %p2 = getelementptr i64, ptr %row, i64 2
  %p3 = getelementptr i64, ptr %row, i64 3
  %p4 = getelementptr i64, ptr %row, i64 4
  %p5 = getelementptr i64, ptr %row, i64 5
  %w1 = load i64, ptr %p1
  %w2 = load i64, ptr %p2
  %w3 = load i64, ptr %p3
  %w4 = load i64, ptr %p4
  %w5 = load i64, ptr %p5
  %a1 = inttoptr i64 %w1 to ptr
  %a2 = inttoptr i64 %w2 to ptr
  %a4 = inttoptr i64 %w4 to ptr
  switch i64 %kind, label %stop [
    i64 0, label %launch
    i64 1, label %copy
    i64 2, label %fill
    i64 3, label %choose
    i64 4, label %jump
  ]
launch:
  %failed = call i64 @run(ptr %a1, i64 %w2, i64 %w3, ptr %a4, i64 %w5)
  %well = icmp eq i64 %failed, 0
  br i1 %well, label %onward, label %broken
broken:
  %p7 = getelementptr i64, ptr %row, i64 7
  store i64 %failed, ptr %p7
  br label %stop
copy:
  call void @llvm.memmove.p0.p0.i64(ptr %a1, ptr %a2, i64 %w3, i1 false)
  br label %onward
fill:
  ; the element once, then what is there already, twice as much each time
  call void @llvm.memcpy.p0.p0.i64(ptr %a1, ptr %a2, i64 %w3, i1 false)
  br label %more
more:
  %filled = phi i64 [ %w3, %fill ], [ %now_filled, %double ]
  %room = sub i64 %w4, %filled
  %some = icmp sgt i64 %room, 0
  br i1 %some, label %double, label %onward
double:
  %part = call i64 @llvm.smin.i64(i64 %filled, i64 %room)
  %behind = getelementptr i8, ptr %a1, i64 %filled
  call void @llvm.memcpy.p0.p0.i64(ptr %behind, ptr %a1, i64 %part, i1 false)
  %now_filled = add i64 %filled, %part
  br label %more
choose:
  %condition = load i32, ptr %a1
  %zero = icmp eq i32 %condition, 0
  br i1 %zero, label %jump, label %onward
jump:
  %target = add i64 %w2, 0
  br label %step
onward:
  %following = add i64 %at, 1
  br label %step
stop:
  ret i64 %at
}

; Readies the pool; in a forked child, again: its workers stayed behind with the parent.
define void @initialise(i64 %workers) {
  %a = call i32 @pthread_mutex_init(ptr @lock, ptr null)
  %b = call i32 @pthread_cond_init(ptr @work, ptr null)
  %c = call i32 @pthread_cond_init(ptr @done, ptr null)
  %d = call i32 @pthread_mutex_init(ptr @launching, ptr null)
  store i64 -9223372036854775808, ptr @gate
  store i64 0, ptr @stopping
  store i64 0, ptr @running
  store i64 %workers, ptr @wanted
  ret void
}

; Dismisses every worker, after the launch in progress; the next launch that is worth it hires `workers`.
define void @resize(i64 %workers) {
start:
  %locked = call i32 @pthread_mutex_lock(ptr @launching)
  store atomic i64 %workers, ptr @wanted monotonic, align 8
  store atomic i64 1, ptr @stopping release, align 8
  call void @call_workers()
  %count = load i64, ptr @running
  br label %check
check:
  %index = phi i64 [ 0, %start ], [ %following, %dismiss ]
  %more = icmp slt i64 %index, %count
  br i1 %more, label %dismiss, label %finished
dismiss:
  %slot = getelementptr [1024 x i64], ptr @threads, i64 0, i64 %index
  %thread = load i64, ptr %slot
  %joined = call i32 @pthread_join(i64 %thread, ptr null)
  %following = add i64 %index, 1
  br label %check
finished:
  store i64 0, ptr @running
  store atomic i64 0, ptr @stopping release, align 8
  %unlocked = call i32 @pthread_mutex_unlock(ptr @launching)
  ret void
}

; Workers that exist now.
define i64 @count_workers() {
  %count = load atomic i64, ptr @running monotonic, align 8
  ret i64 %count
}
