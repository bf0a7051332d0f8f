#include <string.h>
static char name[8];
int main(void)
{
    strcpy(name, "far too long for it");
    return 0;
}
