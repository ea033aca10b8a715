"""(being written)"""
class Runs:
    running = None
    def __init__(self, shelf, directory): pass
    async def conclude_interrupted(self, bot): pass
    async def stop(self): pass
    async def drop(self, network): pass
