from junkhound.cli import main

main()
