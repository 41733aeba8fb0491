"""The log of every act and every refusal, chained by digest."""
