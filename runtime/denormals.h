/* nnc denormals: begin */
#if !defined(NNC_HAS_DENORMALS)
#define NNC_HAS_DENORMALS
/* ---- Denormals ----------------------------------------------------------------------------------------------------
 * Numbers below 1.18e-38 take many processors a hundred times as long as others; a state that fades to nothing is full
 * of them. A program that would rather have zeros says so around its runs, thread by thread:
 *
 *     uint64_t before = nnc_flush_denormals();
 *     model_run(&model, x, y);
 *     nnc_restore_denormals(before);
 *
 * From the first to the second call the thread's float arithmetic takes denormal numbers for 0 and gives 0 for them
 * (FTZ and DAZ on x86, FZ on Arm), all other code's of this thread too. Where a processor has no such switch, and under
 * compilers that are not known here, both do nothing. */
#if (defined(__SSE2__) && defined(__GNUC__)) || defined(_M_X64)
#include <xmmintrin.h>
/* Every 64-bit processor has DAZ; the first with SSE2 had not, and setting it there is a fault. */
#if defined(__x86_64__) || defined(_M_X64) || defined(__SSE3__)
NNC_FUNCTION uint64_t nnc_flush_denormals(void) {
    uint32_t before = _mm_getcsr();
    _mm_setcsr(before | 0x8040u);
    return before;
}
#else
NNC_FUNCTION uint64_t nnc_flush_denormals(void) {
    uint32_t before = _mm_getcsr();
    _mm_setcsr(before | 0x8000u);
    return before;
}
#endif
NNC_FUNCTION void nnc_restore_denormals(uint64_t before) { _mm_setcsr((uint32_t)before); }
#elif defined(__aarch64__) && defined(__GNUC__)
NNC_FUNCTION void nnc_restore_denormals(uint64_t before) { __asm__ __volatile__("msr fpcr, %0" : : "r"(before)); }
NNC_FUNCTION uint64_t nnc_flush_denormals(void) {
    uint64_t before;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(before));
    nnc_restore_denormals(before | 1u << 24);
    return before;
}
#elif defined(__arm__) && defined(__ARM_FP) && !defined(__SOFTFP__) && defined(__GNUC__)
NNC_FUNCTION void nnc_restore_denormals(uint64_t before) {
    __asm__ __volatile__("vmsr fpscr, %0" : : "r"((uint32_t)before));
}
NNC_FUNCTION uint64_t nnc_flush_denormals(void) {
    uint32_t before;
    __asm__ __volatile__("vmrs %0, fpscr" : "=r"(before));
    nnc_restore_denormals(before | 1u << 24);
    return before;
}
#else
NNC_FUNCTION uint64_t nnc_flush_denormals(void) { return 0; }
NNC_FUNCTION void nnc_restore_denormals(uint64_t before) { (void)before; }
#endif
#endif
/* nnc denormals: end */
