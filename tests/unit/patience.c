/* Linked into every unit test: Check ends a test after 4 seconds of wall clock, which a busy machine may well need for a
 * millisecond of work. CK_DEFAULT_TIMEOUT in the environment decides otherwise. */
#include <stdlib.h>

__attribute__((constructor)) static void be_patient(void) { setenv("CK_DEFAULT_TIMEOUT", "120", 0); }
