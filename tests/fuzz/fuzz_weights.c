/* fuzz_weights: a weights file of any format, as it is. The targets zip, tar and legacy are this
 * one with a corpus of files of that format. */
#include "weights_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_weights_file(data, size, NULL);
    return 0;
}
