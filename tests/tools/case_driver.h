/* What every generated test driver shares: it reads a script of runs, hands their tensors over in buffers that show
 * misuse, and writes the outputs. case_driver.c stands beside the driver, so that this header has no name but its own:
 * a model may be called as anything in the standard library is.
 *
 * The script (argv[1]) is a row of 32-bit words, little-endian, integers and tensors: which operation, then its run-time dims,
 * for each input its size in bytes and its bytes, for each output its size. The outputs go to argv[2] in this order.
 *
 * A buffer starts 4 bytes past what malloc gives, so that nothing is aligned by luck, and is exactly as long as its
 * tensor, so that a sanitizer sees a read past its end. Without a sanitizer CASE_GUARD bytes more stand behind it.
 * Inputs must be unchanged after the run and the guards too. What goes wrong ends the program with status 2. Valid C99 and
 * C++11.
 */
#ifndef CASE_DRIVER_H
#define CASE_DRIVER_H

#include <stddef.h>

void case_open(int argc, char **argv);
void case_close(void);
void case_fail(const char *what);
size_t case_number(void);                                  /* the next integer of the script; 0 or more */
const void *case_weights(const char *path, size_t *size);  /* a file of weights, on a multiple of 64 */
void *case_buffer(size_t size);                            /* new, filled with CASE_FILL */
const void *case_input(void);
void *case_output(void);
/* After a run: frees all buffers from number `kept` on, writes those of the outputs, and checks the others. */
void case_finish(int kept);

#endif
