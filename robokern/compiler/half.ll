; Conversions between float16 and float32, for processors without an instruction for them (x86-64 before F16C): LLVM calls these by name.
; They give what the instructions give: to the nearest, ties to even, NaN quiet with the upper bits of its payload.
;
; Source: F. Giesen, "Float->half variants" (gist.github.com/rygorous/2156668), the variant that rounds ties to even.

define float @__extendhfsf2(half %x) {
  %h = bitcast half %x to i16
  %bits = zext i16 %h to i32
  %sign = and i32 %bits, 32768
  %high = shl i32 %sign, 16
  %rest = and i32 %bits, 32767
  %wide = shl i32 %rest, 13
  %least = icmp ult i32 %rest, 1024          ; zero or subnormal: a multiple of 2^-24
  %count = uitofp i32 %rest to float
  %tiny = fmul float %count, 0x3E70000000000000
  %tinybits = bitcast float %tiny to i32
  %usual = add i32 %wide, 939524096          ; exponent + 112
  %most = icmp uge i32 %rest, 31744          ; infinity or NaN
  %full = or i32 %wide, 2139095040
  %nan = icmp ugt i32 %rest, 31744
  %quiet = select i1 %nan, i32 4194304, i32 0
  %special = or i32 %full, %quiet
  %finite = select i1 %least, i32 %tinybits, i32 %usual
  %found = select i1 %most, i32 %special, i32 %finite
  %signed = or i32 %found, %high
  %y = bitcast i32 %signed to float
  ret float %y
}

define half @__truncsfhf2(float %x) {
  %bits = bitcast float %x to i32
  %sign = and i32 %bits, -2147483648
  %u = xor i32 %bits, %sign
  %odd = lshr i32 %u, 13
  %last = and i32 %odd, 1
  %down = add i32 %u, -939520001             ; exponent - 112, and just under half a unit of the last place
  %rounded = add i32 %down, %last
  %usual = lshr i32 %rounded, 13
  %least = icmp ult i32 %u, 947912704        ; below 2^-14: an addition puts the last place where rounding happens
  %value = bitcast i32 %u to float
  %placed = fadd float %value, 0.5
  %placedbits = bitcast float %placed to i32
  %tiny = add i32 %placedbits, -1056964608   ; the bits of 0.5
  %most = icmp uge i32 %u, 1199570944        ; from 2^16 on
  %nan = icmp ugt i32 %u, 2139095040
  %payload = and i32 %odd, 1023
  %quiet = or i32 %payload, 32256
  %special = select i1 %nan, i32 %quiet, i32 31744
  %finite = select i1 %least, i32 %tiny, i32 %usual
  %found = select i1 %most, i32 %special, i32 %finite
  %short = lshr i32 %sign, 16
  %signed = or i32 %found, %short
  %h = trunc i32 %signed to i16
  %y = bitcast i16 %h to half
  ret half %y
}
