// A sketch as the Arduino IDE compiles it: its header in front, and a main function.
#include "Arduino.h"
#include SKETCH

int main() {
  setup();
  loop();
  return 0;
}
