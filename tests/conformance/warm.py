"""The plugin of everything.py, which a standby may be."""

from waypaas_sdk import standby

if __name__ == "__main__":
    standby.enter()
    import everything

    everything.main()
