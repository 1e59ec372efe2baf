/* limits.c: what one core of this machine can do at best, as bench.py's roofline wants it.
 *
 * Prints "fma G": float32 operations (two a multiply-add), in 1e9 a second, and for each working set "stream BYTES G":
 * 1e9 bytes a second that a loop of load and multiply-add gets, over and over the same BYTES. That loop is what a
 * matrix-vector product can come to. It runs forwards, and forwards and backwards in turn, which finds more in the
 * caches; the better counts. The width of a vector comes from the compiler's -march, as does the multiply-add
 * (-ffp-contract=fast); where the instruction set has none, a product and a sum. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define VECTOR 64
#elif defined(__AVX__)
#define VECTOR 32
#else
#define VECTOR 16
#endif
typedef float vec __attribute__((vector_size(VECTOR)));
enum { LANES = VECTOR / 4, CHAINS = 12, BLOCK = 4096 };
static const size_t LARGEST = (size_t)128 << 20;

static volatile float one = 1, sink; /* unknown to the compiler */

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static vec splat(float x) { return x - (vec){0}; }

static double multiply_adds(long turns) {
    vec a[CHAINS], x = splat(one), y = splat(one);
    for (int i = 0; i < CHAINS; i++) a[i] = splat(one);
    double start = seconds();
    for (long n = 0; n < turns; n++)
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++) a[i] = a[i] * x + y;
    double time = seconds() - start;
    for (int i = 1; i < CHAINS; i++) a[0] += a[i];
    sink = a[0][0];
    return 2e-9 * LANES * CHAINS * (double)turns / time;
}

static double stream(const float *data, size_t bytes, int zigzag) {
    vec a[8] = {splat(0)}, x = splat(one);
    size_t blocks = bytes / BLOCK;
    long turns = 2 + (long)(2 * LARGEST / bytes);
    double start = 0;
    for (long turn = -1; turn < turns; turn++) { /* turn -1 warms up */
        if (turn == 0) start = seconds();
        for (size_t b = 0; b < blocks; b++) {
            const vec *p = (const vec *)(const void *)(data + (zigzag && turn & 1 ? blocks - 1 - b : b) * (BLOCK / 4));
            for (size_t v = 0; v < BLOCK / VECTOR; v += 8)
#pragma GCC unroll 8
                for (int i = 0; i < 8; i++) a[i] = p[v + (size_t)i] * x + a[i];
        }
    }
    double time = seconds() - start;
    for (int i = 1; i < 8; i++) a[0] += a[i];
    sink = a[0][0];
    return 1e-9 * (double)bytes * (double)turns / time;
}

int main(void) {
    float *data = aligned_alloc(BLOCK, LARGEST);
    if (!data) return 1;
    for (size_t i = 0; i < LARGEST / 4; i++) data[i] = 1e-9f;
    double best = 0;
    for (int i = 0; i < 10; i++) {
        double rate = multiply_adds(1000000);
        best = rate > best ? rate : best;
    }
    printf("fma %.1f\n", best);
    for (size_t bytes = 2 * BLOCK; bytes <= LARGEST; bytes = bytes & (bytes - 1) ? bytes / 3 * 4 : bytes / 2 * 3) {
        best = 0;
        for (int i = 0; i < 6; i++) {
            double rate = stream(data, bytes, i & 1);
            best = rate > best ? rate : best;
        }
        printf("stream %zu %.1f\n", bytes, best);
    }
    free(data);
    return 0;
}
