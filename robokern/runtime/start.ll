; Starts a kernel or a graph on a GPU's current stream, in its context; reads a kernel's grid out of the launch record. By ctypes alone
; the eleven arguments of cuLaunchKernel cost 3 us on the host of an H100, these two 0.3 to 0.5, the driver itself 3.4.
;
; `target` is six words: the driver's function, the kernel's or the graph's handle, where the handle of the current stream stands, the
; context, cuCtxGetCurrent, cuCtxSetCurrent. The default stream is that of the current context, which another GPU or another library
; may have set, and which comes back afterwards.
; Both return the driver's code; -1: more blocks than a grid holds.

%target = type { ptr, ptr, ptr, ptr, ptr, ptr }

; The context to go back to.
define internal ptr @enter(ptr %target) {
  %found = alloca ptr, align 8
  store ptr null, ptr %found
  %own_at = getelementptr %target, ptr %target, i64 0, i32 3
  %get_at = getelementptr %target, ptr %target, i64 0, i32 4
  %set_at = getelementptr %target, ptr %target, i64 0, i32 5
  %own = load ptr, ptr %own_at
  %get = load ptr, ptr %get_at
  %set = load ptr, ptr %set_at
  %asked = call i32 %get(ptr %found)
  %current = load ptr, ptr %found
  %same = icmp eq ptr %current, %own
  br i1 %same, label %stay, label %change
stay:
  ret ptr %own
change:
  %done = call i32 %set(ptr %own)
  ret ptr %current
}

define internal void @leave(ptr %target, ptr %before) {
  %own_at = getelementptr %target, ptr %target, i64 0, i32 3
  %own = load ptr, ptr %own_at
  %same = icmp eq ptr %before, %own
  br i1 %same, label %stay, label %change
stay:
  ret void
change:
  %set_at = getelementptr %target, ptr %target, i64 0, i32 5
  %set = load ptr, ptr %set_at
  %done = call i32 %set(ptr %before)
  ret void
}

define i32 @start(ptr %target, ptr %record) {
start:
  %function_at = getelementptr %target, ptr %target, i64 0, i32 1
  %stream_at_at = getelementptr %target, ptr %target, i64 0, i32 2
  %launch = load ptr, ptr %target
  %function = load ptr, ptr %function_at
  %stream_at = load ptr, ptr %stream_at_at
  %stream = load ptr, ptr %stream_at
  %p1 = getelementptr i64, ptr %record, i64 1
  %p2 = getelementptr i64, ptr %record, i64 2
  %p3 = getelementptr i64, ptr %record, i64 3
  %d0 = load i64, ptr %record, align 1
  %d1 = load i64, ptr %p1, align 1
  %d2 = load i64, ptr %p2, align 1
  %d3 = load i64, ptr %p3, align 1
  %d01 = mul i64 %d0, %d1
  %d23 = mul i64 %d2, %d3
  %items = mul i64 %d01, %d23
  %up = add i64 %items, 255
  %blocks = lshr i64 %up, 8
  %parameters = alloca [1 x ptr], align 8
  %large = icmp ugt i64 %blocks, 2147483647
  br i1 %large, label %refused, label %fits
refused:
  ret i32 -1
fits:
  %grid = trunc i64 %blocks to i32
  store ptr %record, ptr %parameters
  %before = call ptr @enter(ptr %target)
  %code = call i32 %launch(ptr %function, i32 %grid, i32 1, i32 1, i32 256, i32 1, i32 1, i32 0, ptr %stream, ptr %parameters, ptr null)
  call void @leave(ptr %target, ptr %before)
  ret i32 %code
}

define i32 @start_graph(ptr %target) {
  %graph_at = getelementptr %target, ptr %target, i64 0, i32 1
  %stream_at_at = getelementptr %target, ptr %target, i64 0, i32 2
  %launch = load ptr, ptr %target
  %graph = load ptr, ptr %graph_at
  %stream_at = load ptr, ptr %stream_at_at
  %stream = load ptr, ptr %stream_at
  %before = call ptr @enter(ptr %target)
  %code = call i32 %launch(ptr %graph, ptr %stream)
  call void @leave(ptr %target, ptr %before)
  ret i32 %code
}
