"""What a trial needs: an embedded broker and simulated carriers."""
