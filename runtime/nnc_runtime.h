/* nnc_runtime.h: what every C file that nnc writes stands on.
 *
 * nnc compiles a sequence model to one C file and one header. What those files have in common is here: the status
 * codes, vectors of floats, and the activation functions of torch.nn with PyTorch's definitions and limits.
 * The generated .c file includes its own header, then this one, before any function; a program that uses a model
 * includes the model's header and nothing else (`nnc --standalone` even writes this text into the .c file).
 *
 * There is nothing to link but libm, nothing to set up, and no data: every function is `static inline`, works on its
 * arguments alone and may run in any number of threads. Nothing allocates, nothing prints. It is C99 that is also
 * C++11, for any compiler; gcc and clang get vector instructions, others (or -DNNC_PLAIN_C) the same lanes in plain
 * C, and where float arithmetic is IEEE's and -ffast-math is off, the same bits.
 *
 * Everything here begins with nnc_ or NNC_. `nnc --runtime DIR` writes this file out of the compiler.
 *
 * SPDX-License-Identifier: 0BSD
 *
 * Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
 * granted. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE
 * INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY
 * SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR
 * PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION
 * WITH THE USE OR PERFORMANCE OF THIS SOFTWARE. */

/* Where floats are compared for equality, torch's == is meant, or a NaN is looked for. */
#if defined(__GNUC__) && !defined(__PCC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wfloat-equal"
#endif

#ifndef NNC_RUNTIME_H
#define NNC_RUNTIME_H

/* Counts up whenever generated code and this file no longer fit each other. */
#define NNC_RUNTIME_VERSION 1

/* a*b + c is two operations, each rounded, in every language mode; where one rounding is wanted, the code says so. This
 * stands before every function that computes. gcc -std=gnu17 would fuse otherwise, and clang within an expression.
 * (clang obeys an explicit -ffp-contract=fast, and -ffast-math, all the same: accuracy is promised then, not bits.) */
#if defined(__clang__) || defined(__INTEL_COMPILER)
#pragma STDC FP_CONTRACT OFF
#elif defined(__PCC__) /* has no such pragma, and does not fuse */
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#elif defined(__STDC_VERSION__)
#pragma STDC FP_CONTRACT OFF
#endif

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* NNC_FUNCTION: a function that some models do not use. NNC_INLINE: one that never costs a call, unless the compiler
 * does not optimise: each would leave its variables on the stack of the caller then. NNC_APART: one whose loops need
 * all registers, which they do not get inside of its caller. NNC_ALIGNED: a table that starts a line of the cache.
 * NNC_FORGET(): what memory holds is not kept in registers beyond it, from where those that are needed more would push
 * it onto the stack. NNC_ANEW(p): what p, a pointer or an index, leads to is loaded, and computed, where it is used
 * from here on, and not kept from before a loop, where it takes more than the registers. */
#if defined(__GNUC__)
#define NNC_ALIGNED __attribute__((aligned(64)))
#define NNC_FUNCTION static inline __attribute__((unused))
#define NNC_APART __attribute__((noinline))
#define NNC_FORGET() __asm__ __volatile__("" : : : "memory")
#define NNC_ANEW(pointer) __asm__ __volatile__("" : "+r"(pointer))
#if defined(__OPTIMIZE__)
#define NNC_INLINE static inline __attribute__((unused, always_inline))
#else
#define NNC_INLINE NNC_FUNCTION
#endif
#elif defined(_MSC_VER)
#define NNC_ALIGNED
#define NNC_FUNCTION static __inline
#define NNC_INLINE static __forceinline
#define NNC_APART __declspec(noinline)
#define NNC_FORGET() ((void)0)
#define NNC_ANEW(pointer) ((void)(pointer))
#else
#define NNC_ALIGNED
#define NNC_FUNCTION static inline
#define NNC_INLINE static inline
#define NNC_APART
#define NNC_FORGET() ((void)0)
#define NNC_ANEW(pointer) ((void)(pointer))
#endif

/* Ten values of a table of floats, as the bits of neighbours, the second one's in the upper half of a number; and
 * twenty halves, forty bytes, the first one lowest. */
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NNC_ROW(a, b, c, d, e)                                                  \
    (uint64_t)(a) << 32 | (uint64_t)(a) >> 32, \
    (uint64_t)(b) << 32 | (uint64_t)(b) >> 32, \
    (uint64_t)(c) << 32 | (uint64_t)(c) >> 32, \
    (uint64_t)(d) << 32 | (uint64_t)(d) >> 32, \
    (uint64_t)(e) << 32 | (uint64_t)(e) >> 32
#define NNC_SWAP_16(a) \
    (((uint64_t)(a) >> 48 & 0xffff) | ((uint64_t)(a) >> 16 & 0xffff0000) | \
     ((uint64_t)(a) & 0xffff0000) << 16 | (uint64_t)(a) << 48)
#define NNC_SWAP_8(a) \
    ((NNC_SWAP_16(a) >> 8 & 0xff00ff00ff00ff) | (NNC_SWAP_16(a) & 0xff00ff00ff00ff) << 8)
#define NNC_ROW_16(a, b, c, d, e) NNC_SWAP_16(a), NNC_SWAP_16(b), NNC_SWAP_16(c), NNC_SWAP_16(d), NNC_SWAP_16(e)
#define NNC_ROW_8(a, b, c, d, e) NNC_SWAP_8(a), NNC_SWAP_8(b), NNC_SWAP_8(c), NNC_SWAP_8(d), NNC_SWAP_8(e)
#else
#define NNC_ROW(a, b, c, d, e) a, b, c, d, e
#define NNC_ROW_16(a, b, c, d, e) a, b, c, d, e
#define NNC_ROW_8(a, b, c, d, e) a, b, c, d, e
#endif

#include "status.h"

#include "integers.h"

#include "vector1.h"

#endif /* NNC_RUNTIME_H */

/* From here on in parts: each is there once, whatever the files that are compiled together need of it. What one lane
 * has stands first, then, where these are wanted, what four lanes and wide vectors have. */

#include "vector4.h"

#include "vectors_wide.h"

#include "masks.h"

#include "activations.h"

#include "logarithms.h"

#include "piecewise.h"

#include "functions.h"

#include "mathematics.h"

#include "sums.h"

#include "narrow.h"

#include "dots16.h"

#include "denormals.h"

#include "weights.h"

/* A generated file says which version it was written for. Checked at every inclusion: two may stand in one unit. */
#ifdef NNC_GENERATED_FOR_RUNTIME
#if NNC_GENERATED_FOR_RUNTIME < NNC_RUNTIME_VERSION
#error "this file was generated for an older nnc_runtime.h: compile the .nn file again"
#elif NNC_GENERATED_FOR_RUNTIME > NNC_RUNTIME_VERSION
#error "nnc_runtime.h is older than the generated file: `nnc --runtime DIR` writes the right one"
#endif
#undef NNC_GENERATED_FOR_RUNTIME
#endif

/* Not every file needs all of these. */
#if defined(NNC_RUNTIME_H) + defined(NNC_ALIGNED) + defined(NNC_APART) + defined(NNC_FORGET) + defined(NNC_ANEW) + \
    defined(NNC_ROW) + defined(NNC_ROW_16) + defined(NNC_ROW_8) + defined(NNC_SWAP_16) + defined(NNC_SWAP_8) + \
    defined(NNC_HAS_WEIGHTS_CHECK) + defined(NNC_ONE_LANE) + defined(NNC_V4_OWN_SUMS) + \
    defined(NNC_HAS_VECTOR4) + defined(NNC_HAS_DENORMALS) + \
    defined(NNC_WIDE_LAYERS) + defined(NNC_HAS_MASKS) + defined(NNC_HAS_V4_MASKS) + defined(NNC_HAS_WIDE_MASKS) + \
    defined(NNC_HAS_ACTIVATIONS) + defined(NNC_HAS_V4_ACTIVATIONS) + defined(NNC_HAS_WIDE_ACTIVATIONS) + \
    defined(NNC_HAS_LOGARITHMS) + defined(NNC_HAS_V4_LOGARITHMS) + defined(NNC_HAS_WIDE_LOGARITHMS) + \
    defined(NNC_HAS_PIECEWISE) + defined(NNC_HAS_V4_PIECEWISE) + defined(NNC_HAS_WIDE_PIECEWISE) + \
    defined(NNC_HAS_FUNCTIONS) + defined(NNC_HAS_V4_FUNCTIONS) + defined(NNC_HAS_WIDE_FUNCTIONS) + \
    defined(NNC_HAS_MATHEMATICS) + defined(NNC_HAS_V4_MATHEMATICS) + defined(NNC_HAS_WIDE_MATHEMATICS) + \
    defined(NNC_HAS_SUMS) + defined(NNC_HAS_V4_SUMS) + defined(NNC_HAS_WIDE_SUMS) + defined(NNC_HAS_NARROW) + \
    defined(NNC_HAS_V4_NARROW) + defined(NNC_HAS_WIDE_NARROW) + defined(NNC_TARGET_V4) + defined(NNC_HAS_V8) + \
    defined(NNC_HAS_V16) + defined(NNC_BODY_V8) + defined(NNC_BODY_V16) + defined(NNC_BODY_V16_DOTS) + \
    defined(nnc_v8_zero) + defined(nnc_v8_splat) + defined(nnc_v8_load) + defined(nnc_v8_store) + \
    defined(nnc_v8_add) + defined(nnc_v8_sub) + defined(nnc_v8_mul) + defined(nnc_v8_madd) + \
    defined(nnc_v16_zero) + defined(nnc_v16_splat) + defined(nnc_v16_load) + defined(nnc_v16_store) + \
    defined(nnc_v16_add) + defined(nnc_v16_sub) + defined(nnc_v16_mul) + defined(nnc_v16_madd)
#endif

#if defined(__GNUC__) && !defined(__PCC__)
#pragma GCC diagnostic pop
#endif
